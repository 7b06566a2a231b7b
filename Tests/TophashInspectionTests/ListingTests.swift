import Foundation
import Testing
import TophashSymbols
import TophashTestSupport

@testable import TophashInspection

/// What the instructions of a function mean.
@Suite struct ListingTests {
  private func listing(_ name: String, disassembler: String? = nil) throws -> CodeListing {
    let reader = CodeReader(try LookupsProgram.image.get())
    let matches = reader.functions(named: name)
    #expect(matches.count == 1, "\(matches.compactMap(\.symbol))")
    return reader.listing(of: try #require(matches.first), disassembler: disassembler)
  }

  /// The property that makes readers scale: they write nothing that others read.
  @Test func `a specialised lookup in a ConcurrentDictionary locks and retains nothing`() throws {
    let lookup = try listing("lookUp(_:_:)")
    #expect(lookup.isComplete)
    for mark in [
      CodeMark.locked, .wait, .retain, .release, .allocation, .access, .unspecialised, .indirect,
    ] {
      #expect(lookup.count(mark) == 0, "\(mark)")
    }
    // What is rare is left to two functions, which are not inlined.
    #expect(
      Set(lookup.callees)
        == ["ConcurrentDictionary.searchChain(_:_:)", "Hasher._hash(seed:_:)"])
  }

  @Test func `the marks are there where they should be`() throws {
    #expect(try listing("Meter.increment()").count(.locked) == 1)
    let unspecialised = try listing("lookUpUnspecialised(_:_:)")
    #expect(unspecialised.count(.unspecialised) > 0)
    #expect(unspecialised.count(.indirect) > 0)
    #expect(try listing("keep(_:)").count(.retain) == 1)
    let dictionary = try listing("Box.lookUp(_:)")
    #expect(dictionary.count(.access) == 1)
    #expect(dictionary.lines.first { $0.marks == [.access] }?.note?.hasPrefix("read, ") == true)
    let change = try listing("Box.store(_:)")
    #expect(change.lines.first { $0.marks == [.access] }?.note == "modify, tracked")
    #expect(change.count(.accessEnd) == 1)
    #expect(change.count(.uniqueness) == 1)
  }

  @Test func `the disassembler's words are the same instructions`() throws {
    let tool = try #require(
      Tool.path("llvm-objdump")
        ?? Tool.path("swift").map {
          URL(filePath: $0).resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "llvm-objdump").path
        })
    guard FileManager.default.isExecutableFile(atPath: tool) else { return }
    let plain = try listing("Box.store(_:)")
    let told = try listing("Box.store(_:)", disassembler: tool)
    #expect(plain.lines.map(\.address) == told.lines.map(\.address))
    #expect(plain.lines.map(\.marks) == told.lines.map(\.marks))
    #expect(!told.lines.contains { $0.text == "…" })
    #expect(ListingText().text(for: told).contains("; access begins (modify, tracked)"))
  }

  @Test func `as JSON it fits the schema`() throws {
    let json = ListingJSON(toolVersion: "1.0")
    var listing = try listing("Box.store(_:)")
    let text = json.text(for: [listing, try self.listing("lookUpUnspecialised(_:_:)")])
    #expect(try JSONSchema(documented: "code-1").errors(in: text) == [])
    // Each mark, and what need not be there.
    listing.symbol = nil
    listing.lines = CodeMark.allCases.map {
      CodeListing.Line(address: listing.range.lowerBound, text: "…", marks: [$0])
    }
    #expect(try JSONSchema(documented: "code-1").errors(in: json.text(for: [listing])) == [])
  }

  @Test func `a prefix belongs to its instruction`() {
    let output = """

      a.out:	file format elf64-x86-64

      0000000000001000 <f>:
          1000:      	lock
          1001:      	cmpxchgq	%rcx, (%rdi)
          1006:      	movq	0x10(%rip), %rax        # 0x101d <x>
          100d:      	retq
      """
    #expect(
      Disassembly.texts(output) == [
        0x1000: "lock cmpxchgq %rcx, (%rdi)", 0x1006: "movq 0x10(%rip), %rax", 0x100d: "retq",
      ])
  }

  @Test func `two functions stand side by side, equal instructions in one row`() {
    func lines(_ texts: String...) -> [CodeListing.Line] {
      texts.enumerated().map { CodeListing.Line(address: UInt64($0), text: $1, marks: []) }
    }
    let rows = ListingComparison.rows(lines("push", "mov", "ret"), lines("push", "lock", "mov"))
    #expect(rows.map(\.0?.text) == ["push", nil, "mov", "ret"])
    #expect(rows.map(\.1?.text) == ["push", "lock", "mov", nil])
    #expect(ListingComparison.rows([], []).isEmpty)
  }

  @Test(arguments: [
    ([0x48, 0x89, 0x07] as [UInt8], MemoryUse.write),  // mov [rdi], rax
    ([0x48, 0x8b, 0x07], .read),  // mov rax, [rdi]
    ([0x48, 0xff, 0x07], .write),  // inc [rdi]
    ([0xf0, 0x48, 0xff, 0x07], .atomic), ([0x48, 0x87, 0x07], .atomic),  // xchg
    ([0xf0, 0x48, 0x0f, 0xb1, 0x0f], .atomic), ([0x48, 0x39, 0x07], .read),  // cmp
    ([0x0f, 0x11, 0x07], .write), ([0x0f, 0x10, 0x07], .read),  // movups
    ([0xf3, 0x48, 0xab], .write),  // rep stos
  ])
  func `what an instruction does to memory`(code: [UInt8], use: MemoryUse) throws {
    var decoder = InstructionDecoder(code: code, address: 0)
    let next = decoder.next()
    let instruction = try #require(next)
    #expect(instruction.length == code.count)
    #expect(instruction.memoryUse == use)
  }
}
