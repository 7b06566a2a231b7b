import CTophashSchedule
import Glibc
import TophashSymbols

/// The program, stopped in front of `main`: it makes a child for each run, and all children
/// begin alike.
package final class ForkServer {
  /// What to start.
  package struct Program: Sendable {
    package var path: String
    package var arguments: [String]
    package var environment: [String: String]
    /// The preloaded library.
    package var library: String
    /// A directory for the files that program and tool share.
    package var directory: String
    /// Leave the addresses to chance, as the system does.
    package var randomizesAddresses = false
    /// Where the program's locked instructions are in its file.
    package var lockedInstructions: [UInt64] = []

    package init(
      path: String, arguments: [String], environment: [String: String], library: String,
      directory: String
    ) {
      self.path = path
      self.arguments = arguments
      self.environment = environment
      self.library = library
      self.directory = directory
    }
  }

  /// Why there is no run.
  package enum Trouble: Error {
    case files(Int32)
    /// The system would not start the program: its error number.
    case start(Int32)
    /// The program ended before it came to `main`, or never does come there.
    case noMain(output: String)
    /// It went away in the middle of a run.
    case gone
  }

  private let file: SharedFile
  private let process: pid_t
  private let requests: Int32
  /// Readable when a run is over.
  package let answers: Int32
  private let output: Int32
  private let outputPath: String
  private var order = Order(plan: .plain)

  /// Starts the program and waits until it has come to `main`.
  package init(_ program: Program, number: Int) throws(Trouble) {
    guard let file = SharedFile(path: "\(program.directory)/schedule-\(number)") else {
      throw .files(errno)
    }
    file.write(lockedInstructions: program.lockedInstructions)
    self.file = file
    outputPath = "\(program.directory)/output-\(number)"
    output = open(outputPath, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o600)
    guard output >= 0 else { throw .files(errno) }
    let pipes = [Self.pipe(), Self.pipe()].compactMap(\.self)
    guard pipes.count == 2 else { throw .files(errno) }
    let (theirRequests, requests) = pipes[0]
    let (answers, theirAnswers) = pipes[1]
    self.requests = requests
    self.answers = answers
    let started = Self.start(
      program, file: file.path, requests: theirRequests, answers: theirAnswers, output: output)
    close(theirRequests)
    close(theirAnswers)
    process = started.process
    guard started.failure == 0 else { throw .start(started.failure) }
    guard Self.readByte(answers) else { throw .noMain(output: tail()) }
  }

  deinit {
    close(requests)
    close(answers)
    close(output)
    if process > 0 {
      // Its child goes with it.
      kill(process, SIGKILL)
      var status: Int32 = 0
      while waitpid(process, &status, 0) < 0, errno == EINTR {}
    }
  }

  // MARK: Runs

  /// Begins a run; `answers` becomes readable at its end.
  package func begin(_ order: Order) throws(Trouble) {
    self.order = order
    // A program that went away is an error of `write`, and not the end of this process.
    signal(SIGPIPE, SIG_IGN)
    ftruncate(output, 0)
    file.write(order)
    var byte = UInt8(ascii: "r")
    guard write(requests, &byte, 1) == 1 else { throw .gone }
  }

  /// Waits for the end of the run that was begun.
  package func end() throws(Trouble) -> Account {
    guard Self.readByte(answers) else { throw .gone }
    var account = file.account(isDetailed: order.isDetailed)
    account.output = tail()
    return account
  }

  package func run(_ order: Order) throws(Trouble) -> Account {
    try begin(order)
    return try end()
  }

  /// What is mapped into the program, and so into each child.
  package var images: [LoadedImage] {
    guard let maps = fopen("/proc/\(process)/maps", "r") else { return [] }
    defer { fclose(maps) }
    var images = MemoryMap()
    var line: UnsafeMutablePointer<CChar>?
    var room = 0
    while getline(&line, &room, maps) > 0 {
      if let line { images.add(String(cString: line)) }
    }
    free(line)
    return images.images
  }

  /// The end of what the program wrote.
  private func tail() -> String {
    let size = lseek(output, 0, SEEK_END)
    let from = max(0, size - Self.tailSize)
    var bytes = [UInt8](repeating: 0, count: size - from)
    let got = pread(output, &bytes, bytes.count, from)
    return String(decoding: bytes.prefix(max(0, got)), as: UTF8.self)
  }

  private static let tailSize = 16_384

  // MARK: Start

  private static func start(
    _ program: Program, file: String, requests: Int32, answers: Int32, output: Int32
  ) -> (failure: Int32, process: pid_t) {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
    posix_spawn_file_actions_adddup2(&actions, requests, 198)
    posix_spawn_file_actions_adddup2(&actions, answers, 199)
    // This process ignores it, see `begin`; the program is not to.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var defaults = sigset_t()
    sigemptyset(&defaults)
    sigaddset(&defaults, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
    var environment = program.environment.merging(program.control(file: file)) { $1 }
    // Each child would look the same symbols up again, and get pages of its own to write them to.
    if environment["LD_BIND_NOW"] == nil { environment["LD_BIND_NOW"] = "tophash" }
    let words = environment.map { "\($0.key)=\($0.value)" }.sorted()
    return withCStrings(program.arguments) { arguments in
      withCStrings(words) { environment in
        var process: pid_t = 0
        let failure = posix_spawn(
          &process, program.path, &actions, &attributes, arguments, environment)
        return (failure, failure == 0 ? process : 0)
      }
    }
  }

  private static func pipe() -> (reading: Int32, writing: Int32)? {
    var ends: [Int32] = [0, 0]
    guard Glibc.pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  private static func readByte(_ descriptor: Int32) -> Bool {
    var byte: UInt8 = 0
    while true {
      let got = read(descriptor, &byte, 1)
      if got < 0, errno == EINTR { continue }
      return got == 1
    }
  }
}

/// Calls `body` with a C array of C strings that ends with a null pointer.
private func withCStrings<Result>(
  _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
) -> Result {
  let copies = strings.map { strdup($0) } + [nil]
  defer { for copy in copies { free(copy) } }
  return body(copies)
}
