/// The program that is to be run: a file and what it is called with.
struct Subject {
  /// The file.
  var path: String
  /// With the program's name as the user wrote it in front.
  var arguments: [String]
  /// The words to write again to run it again.
  var words: [String]
  /// Whether what was named is a text that another program reads.
  private(set) var isScript = false

  /// Finds the program along `PATH`, or the bundled example when there is none.
  ///
  /// - Throws: 127 or 126 when it cannot be found or run.
  init(
    command: [String], environment: [String: String], console: Console,
    executable: String = Runner.executable
  ) throws(ToolError) {
    guard let name = command.first else {
      path = executable.parentDirectory + "/" + Self.example
      arguments = [path]
      words = []
      guard SmallFile.modificationTime(of: path) != nil else {
        throw ToolError(
          what: "no program was named, and the example is not beside tophash",
          remedy: "write 'tophash run -- PROGRAM'", code: .usage)
      }
      console.say("no program was named: running the bundled example, \(Self.example)")
      return
    }
    path = try ProgramLookup(path: environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").find(name)
    arguments = command
    words = command
    isScript = SmallFile.bytes(at: path, limit: 2) == Array("#!".utf8)
    if Self.isPlainScript(path) {
      isScript = true
      // A text file without a first line that names its interpreter: a shell would run it.
      arguments = ["/bin/sh", path] + command.dropFirst()
      path = "/bin/sh"
    }
  }

  /// Neither a program nor a script that says what runs it, but text.
  private static func isPlainScript(_ path: String) -> Bool {
    guard let start = SmallFile.bytes(at: path, limit: 512) else { return false }
    return !start.starts(with: Array("#!".utf8)) && !start.isEmpty && !start.contains(0)
      && !start.starts(with: [0x7f])
  }

  /// The file's name without its folder.
  var name: String { path.split(separator: "/").last.map(String.init) ?? path }

  /// The product that is built beside `tophash`.
  static let example = "Inventory"
}
