import Foundation

/// The `llvm-symbolizer` program, which knows inlined functions besides lines.
package struct SymbolizerTool: Sendable {
  package let path: String

  package init(path: String) {
    self.path = path
  }

  /// The tool that `environment` leads to: named by `TOPHASH_SYMBOLIZER`, else next to the `swift`
  /// found in `PATH`, else itself in `PATH`.
  ///
  /// An empty `TOPHASH_SYMBOLIZER` means that none is wanted.
  package static func find(
    in environment: [String: String] = ProcessInfo.processInfo.environment
  ) -> SymbolizerTool? {
    if let named = environment["TOPHASH_SYMBOLIZER"] {
      return named.isEmpty ? nil : SymbolizerTool(path: named)
    }
    let directories = (environment["PATH"] ?? "").split(separator: ":").map {
      URL(filePath: "\($0)")
    }
    let swift = directories.map { $0.appending(path: "swift") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    let besideSwift = swift.map { $0.resolvingSymlinksInPath().deletingLastPathComponent() }
    return ([besideSwift].compactMap(\.self) + directories)
      .map { $0.appending(path: "llvm-symbolizer").path }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
      .map(SymbolizerTool.init)
  }

  /// One function at an address, as the tool names it.
  struct Function: Hashable {
    /// Mangled; empty when not known.
    var symbol: String
    var location: SourceLocation?
  }

  /// The functions at each address of an image, the innermost inlined one first. Starts one
  /// process and waits for it.
  ///
  /// - Returns: `nil` when the tool cannot be run or its answer not be read; addresses of which it
  ///   knows nothing are missing.
  func functions(at addresses: [UInt64], inImageAt image: String) -> [UInt64: [Function]]? {
    let questions = addresses.map { "0x\(String($0, radix: 16))\n" }.joined()
    guard let answer = run(image: image, questions: questions) else { return nil }
    var functions: [UInt64: [Function]] = [:]
    let decoder = JSONDecoder()
    for line in answer.split(separator: UInt8(ascii: "\n")) {
      guard let answer = try? decoder.decode(Answer.self, from: line) else { return nil }
      guard let address = UInt64(answer.address.dropFirst(2), radix: 16) else { return nil }
      functions[address] = answer.symbols?.map(\.function)
    }
    return functions
  }

  /// A line of the tool's output.
  private struct Answer: Decodable {
    struct Symbol: Decodable {
      var name: String
      var file: String
      var line: Int
      var column: Int

      private enum CodingKeys: String, CodingKey {
        case name = "FunctionName"
        case file = "FileName"
        case line = "Line"
        case column = "Column"
      }

      var function: Function {
        let source = line > 0 && file != "??" ? LineTable.sourceFile(file) : nil
        return Function(
          symbol: name == "??" ? "" : name,
          location: source.map { SourceLocation(file: $0, line: line, column: column) })
      }
    }

    /// As it was asked for.
    var address: String
    /// Absent where the tool has an error to tell instead.
    var symbols: [Symbol]?

    private enum CodingKeys: String, CodingKey {
      case address = "Address"
      case symbols = "Symbol"
    }
  }

  private func run(image: String, questions: String) -> Data? {
    // A file, not a pipe: whichever side stops first, the other neither waits nor is killed.
    let input = FileManager.default.temporaryDirectory
      .appending(path: "tophash-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: input) }
    let process = Process()
    let output = Pipe()
    do {
      try Data(questions.utf8).write(to: input)
      process.executableURL = URL(filePath: path)
      process.arguments = [
        "--obj=\(image)", "--inlines", "--functions=linkage", "--no-demangle",
        "--output-style=JSON",
      ]
      process.environment = ProcessInfo.processInfo.environment
        // It must not go looking for debug information on the network, nor be checked itself.
        .filter { $0.key != "DEBUGINFOD_URLS" && $0.key != "LD_PRELOAD" }
      process.standardInput = try FileHandle(forReadingFrom: input)
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      try process.run()
      let answer = try output.fileHandleForReading.readToEnd() ?? Data()
      process.waitUntilExit()
      return process.terminationStatus == 0 ? answer : nil
    } catch {
      return nil
    }
  }
}
