import Foundation

/// The words of `llvm-objdump`, which comes with the Swift toolchain.
struct Disassembly {
  var tool: String

  /// The text of each instruction, by its address; empty when the tool has nothing to say.
  func texts(image: String, range: Range<UInt64>) -> [UInt64: String] {
    let process = Process()
    let output = Pipe()
    process.executableURL = URL(filePath: tool)
    process.arguments = [
      "--disassemble", "--no-show-raw-insn", "--start-address=\(range.lowerBound)",
      "--stop-address=\(range.upperBound)", image,
    ]
    process.environment = ProcessInfo.processInfo.environment.filter {
      $0.key != "DEBUGINFOD_URLS" && $0.key != "LD_PRELOAD"
    }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return [:] }
    let answer = (try? output.fileHandleForReading.readToEnd()) ?? Data()
    process.waitUntilExit()
    return Self.texts(String(decoding: answer, as: UTF8.self))
  }

  /// Lines such as `  46fda1:      \tmovq\t%rsp, %rbp   # comment`.
  static func texts(_ output: String) -> [UInt64: String] {
    var texts: [UInt64: String] = [:]
    var pending: (address: UInt64, text: String)?
    for line in output.split(separator: "\n") {
      guard let colon = line.firstIndex(of: ":"),
        let address = UInt64(line[..<colon].drop { $0 == " " }, radix: 16)
      else { continue }
      var text = line[line.index(after: colon)...]
      if let comment = text.firstRange(of: " #") { text = text[..<comment.lowerBound] }
      let words = text.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
      // It writes the prefix as an instruction of its own.
      if words == "lock" || words == "rep" {
        pending = (address, words)
      } else if let prefix = pending {
        texts[prefix.address] = "\(prefix.text) \(words)"
        pending = nil
      } else {
        texts[address] = words
      }
    }
    return texts
  }
}
