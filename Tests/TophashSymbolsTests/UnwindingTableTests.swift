#if arch(x86_64)
import Foundation
import Testing
import TophashTestSupport

@testable import TophashSymbols

@Suite struct UnwindingTableTests {
  @Test(arguments: ["unwinding-c", "libc.so.6", "libstdc++.so.6", "libswift_Concurrency.so"])
  func `rows agree with readelf`(name: String) throws {
    let path = try path(of: name)
    let table = try #require(CallFrameTable(ElfImage(path: path)))
    let functions = try readelf(path)
    #expect(functions.count > 20)
    #expect(
      table.entries.map(\.range) == functions.map(\.range).sorted { $0.lowerBound < $1.lowerBound })

    var compared = 0
    for function in functions {
      let entry = try #require(table.entry(containing: function.range.lowerBound))
      #expect(entry.range == function.range)
      let last = try #require(table.entry(containing: function.range.upperBound - 1))
      #expect(last.range == function.range)
      for (index, row) in function.rows.enumerated() {
        let next = index + 1 < function.rows.count ? function.rows[index + 1].location : nil
        let end = next ?? function.range.upperBound
        // Several rows for one location: the last one counts.
        for place in [row.location, end &- 1] where row.location < end {
          let found = try entry.row(at: place)
          let wrong = row.cells.filter { !Self.matches(found.text(of: $0.key), $0.value) }
          #expect(wrong.isEmpty, "\(String(place, radix: 16))")
          compared += 1
        }
      }
    }
    #expect(compared > functions.count)
  }

  @Test func `a table is found without section headers`() throws {
    let path = try path(of: "unwinding-c")
    let whole = try ElfImage(path: path)
    var bytes = whole.bytes.array
    for offset in Array(40..<48) + Array(58..<64) { bytes[offset] = 0 }
    let image = try ElfImage(path: path, bytes: Bytes(bytes))
    #expect(image.sections.isEmpty)
    let table = try #require(CallFrameTable(image))
    let expected = try #require(CallFrameTable(whole))
    #expect(table.entries.map(\.range) == expected.entries.map(\.range))
    for entry in expected.entries {
      #expect(table.entry(containing: entry.range.lowerBound)?.range == entry.range)
    }
  }

  @Test func `a table is searched without an index`() throws {
    let path = try compileC(
      UnwindingFixture.recorder, name: "unwinding-without-index.so",
      [
        "-shared", "-fPIC", "-O2",
        "-Wl,--no-eh-frame-hdr",
      ])
    let image = try ElfImage(path: path)
    #expect(image.section(named: ".eh_frame_hdr") == nil)
    let table = try #require(CallFrameTable(image))
    let function = try #require(image.symbols.named("record").first { $0.isDefined })
    #expect(table.entry(containing: function.value)?.range.lowerBound == function.value)

    let indexed = try ElfImage(path: self.path(of: "libc.so.6"))
    let fast = try #require(CallFrameTable(indexed))
    let slow = try #require(CallFrameTable(indexed, usesIndex: false))
    for entry in fast.entries {
      for place in [entry.range.lowerBound, entry.range.upperBound - 1, entry.range.upperBound] {
        #expect(
          fast.entry(containing: place)?.range == slow.entry(containing: place)?.range)
      }
    }
  }

  @Test func `places outside functions have no entry`() throws {
    let table = try #require(CallFrameTable(ElfImage(path: path(of: "unwinding-c"))))
    for place in [0, 1, 64, .max] as [UInt64] {
      #expect(table.entry(containing: place) == nil)
    }
    let highest = try #require(table.entries.map(\.range.upperBound).max())
    #expect(table.entry(containing: highest) == nil)
  }

  /// The file of that name among the images of a fixture.
  private func path(of name: String) throws -> String {
    let images = try UnwindingFixture.c.program.images + UnwindingFixture.async.program.images
    return try #require(
      images.first { $0.path.contains("/" + name) }?.path, "\(images.map(\.path))")
  }

  // MARK: What readelf says

  private struct Function {
    var range: Range<UInt64>
    var rows: [(location: UInt64, cells: [String: String])] = []
  }

  private func readelf(_ path: String) throws -> [Function] {
    var functions: [Function] = []
    var columns: [Substring] = []
    var isFunction = false
    // It complains about libraries whose debug information lies elsewhere, but goes on.
    let output = try Tool.run(
      "sh", "-c", "readelf --debug-dump=frames-interp \"$1\" || true", "sh", path)
    for line in output.split(separator: "\n") {
      // Some registers are written twice: `r10 (r10)`.
      let fields = line.split(separator: " ").filter { !$0.hasPrefix("(") }
      if let range = fields.last(where: { $0.hasPrefix("pc=") }) {
        let bounds = range.dropFirst(3).split(separator: "..").map { UInt64($0, radix: 16)! }
        functions.append(Function(range: bounds[0]..<bounds[1]))
        isFunction = true
      } else if fields.contains("CIE") {
        isFunction = false
      } else if fields.first == "LOC" {
        columns = fields
      } else if isFunction, fields.count == columns.count, fields[0].count == 16,
        let location = UInt64(fields[0], radix: 16)
      {
        let cells = zip(columns, fields).dropFirst().map { (String($0), String($1)) }
        functions[functions.count - 1].rows.append(
          (location, Dictionary(uniqueKeysWithValues: cells)))
      }
    }
    return functions
  }

  /// `u` stands for both: lost, and nothing said.
  private static func matches(_ found: String?, _ expected: String) -> Bool {
    found == nil || found == expected || found == "s" && expected == "u"
  }
}

extension CallFrameRow {
  private static let names = [
    "rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp", "rsp", "r8", "r9", "r10", "r11", "r12", "r13",
    "r14", "r15", "ra",
  ]

  /// A cell as readelf writes it; `nil` for columns that are not kept.
  fileprivate func text(of column: String) -> String? {
    func signed(_ offset: Int64) -> String { offset < 0 ? "\(offset)" : "+\(offset)" }
    if column == "CFA" {
      switch frameAddress {
      case .register(let register, let offset): return Self.names[register] + signed(offset)
      case .expression: return "exp"
      }
    }
    guard let register = Self.names.firstIndex(of: column) else { return nil }
    switch rules[register] {
    case .unchanged: return "s"
    case .undefined: return "u"
    case .saved(let offset): return "c" + signed(offset)
    case .frameAddress(let offset): return "v" + signed(offset)
    case .register(let source): return "r\(source)"
    case .savedAt: return "exp"
    case .computed: return "vexp"
    }
  }
}
#endif
