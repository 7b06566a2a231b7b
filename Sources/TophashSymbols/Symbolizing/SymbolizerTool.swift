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
      guard let address = UInt64(answer.Address.dropFirst(2), radix: 16) else { return nil }
      functions[address] = answer.Symbol?.map(\.function)
    }
    return functions
  }

  /// A line of the tool's output. The keys are the tool's.
  private struct Answer: Decodable {
    struct Symbol: Decodable {
      var FunctionName: String
      var FileName: String
      var Line: Int
      var Column: Int

      var function: Function {
        let file = Line > 0 && FileName != "??" ? LineTable.sourceFile(FileName) : nil
        return Function(
          symbol: FunctionName == "??" ? "" : FunctionName,
          location: file.map { SourceLocation(file: $0, line: Line, column: Column) })
      }
    }

    var Address: String
    var Symbol: [Symbol]?
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
