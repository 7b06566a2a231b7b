import Testing
import TophashTestSupport

@testable import TophashSymbols

/// Where a program locks the bus, compared with what a disassembler says.
@Suite struct LockedInstructionTests {
  @Test(.enabled(if: Tool.path("llvm-objdump") != nil), arguments: ["-Onone", "-O"])
  func `they are those that a disassembler finds`(_ optimization: String) throws {
    let directory = try TemporaryDirectory()
    let source = try directory.write(
      "Atomics.swift",
      """
      import Synchronization
      final class State: Sendable {
        let count = Atomic(0)
        let names = Mutex<[String]>([])
      }
      let state = State()
      state.count.add(2, ordering: .relaxed)
      state.names.withLock { $0.append("a") }
      print(state.count.exchange(3, ordering: .sequentiallyConsistent))
      """)
    let program = "\(directory.path)/Atomics"
    try Tool.run("swiftc", optimization, source, "-o", program)
    let text = try Tool.run("llvm-objdump", "-d", "--no-show-raw-insn", program)
    let expected = text.split(separator: "\n").compactMap { line -> UInt64? in
      let parts = line.split(separator: ":", maxSplits: 1)
      guard parts.count == 2, let address = UInt64(parts[0].drop { $0 == " " }, radix: 16) else {
        return nil
      }
      let words = parts[1].split { $0 == " " || $0 == "\t" }
      guard let first = words.first else { return nil }
      let isExchange = first.hasPrefix("xchg") && parts[1].contains("(")
      return first == "lock" || isExchange ? address : nil
    }
    let found = try ElfImage(path: program).lockedInstructions
    #expect(!found.isEmpty)
    #expect(found == expected)
  }
}
