import Foundation
import Testing
import TophashTestSupport

@testable import TophashSymbols

@Suite struct LineTableTests {
  static let source = """
    __attribute__((noinline)) int twice(int value) {
      int sum = value;
      for (int i = 0; i < value; i++) {
        sum += i;
      }
      return sum;
    }

    int main(int count, char **arguments) {
      return twice(count);
    }
    """

  @Test(arguments: [
    ["-gdwarf-2"], ["-gdwarf-3"], ["-gdwarf-4"], ["-gdwarf-5"], ["-gdwarf-4", "-gdwarf64"],
    ["-gdwarf-5", "-gdwarf64"], ["-gdwarf-5", "-O2", "-ffunction-sections"],
  ])
  func `every version gives the lines that the tool gives`(options: [String]) throws {
    let path = try compileC(
      Self.source, name: "lines" + options.joined(), options + ["-fno-inline", "-nogpulib"])
    let image = try ElfImage(path: path)
    let tool = try #require(SymbolizerTool.find())
    let functions = ["twice", "main"].map { name in
      image.symbols.named(name).first { $0.isDefined && $0.kind == .function }!
    }
    let ranges = functions.map { $0.value..<$0.value + $0.size }
    let table = LineTable(of: image, in: ranges)
    let addresses = ranges.flatMap { Array($0) }
    #expect(addresses.count > 10)
    let expected = try #require(tool.functions(at: addresses, inImageAt: path))
    var lines = Set<Int>()
    for address in addresses {
      let location = table.span(at: address)?.location
      #expect(location == expected[address]?.first?.location)
      if let location { lines.insert(location.line) }
    }
    #expect(lines.contains(10) && lines.count > 3)
    #expect(table.span(at: ranges[0].lowerBound)?.location?.file.hasPrefix("/") == true)
  }

  @Test func `compressed sections are left alone`() throws {
    let path = try compileC(Self.source, name: "compressed", ["-gdwarf-5", "-gz=zlib"])
    let image = try ElfImage(path: path)
    try #require(image.section(named: ".debug_line")?.isCompressed == true)
    let main = try #require(image.symbols.named("main").first { $0.isDefined })
    #expect(LineTable(of: image, in: [main.value..<main.value + main.size]).spans.isEmpty)
  }

  @Test func `only what was asked for is kept`() throws {
    let image = try ElfImage(path: Fixture.debug.path)
    let add = try #require(
      image.symbols.named("$s9Warehouse9InventoryC3add_5countySS_SitF").first { _ in true })
    let range = add.value..<add.value + add.size
    let table = LineTable(of: image, in: [range, range])
    #expect(table.spans.count > 3)
    #expect(table.spans.first?.range.lowerBound == range.lowerBound)
    #expect(table.spans.last?.range.upperBound == range.upperBound)
    for (span, next) in zip(table.spans, table.spans.dropFirst()) {
      #expect(span.range.upperBound == next.range.lowerBound)
    }
    #expect(LineTable(of: image, in: []).spans.isEmpty)
    #expect(LineTable(of: image, in: [1..<2]).spans.isEmpty)
  }

  @Test(arguments: ["-gdwarf-4", "-gdwarf-5", "swift"])
  func `damaged debug information neither traps nor hangs`(kind: String) throws {
    let path =
      kind == "swift"
      ? try Fixture.debug.path : try compileC(Self.source, name: "damaged" + kind, [kind])
    let image = try ElfImage(path: path)
    let all = try #require(image.addressRange)
    let whole = DwarfSections(image)
    #expect(!LineTable(whole, in: [all]).spans.isEmpty)
    let parts: [WritableKeyPath<DwarfSections, Bytes?>] = [
      \.line, \.lineStrings, \.strings, \.info, \.abbreviations,
    ]
    var changed = 0
    for part in parts {
      guard let bytes = whole[keyPath: part]?.array, bytes.count > 1 else { continue }
      for damaged in mutations(of: bytes, in: 0..<min(bytes.count, 600), seeds: 0..<300) {
        var sections = whole
        sections[keyPath: part] = Bytes(damaged)
        let table = LineTable(sections, in: [all, 1..<2, .max - 1..<(.max)])
        _ = table.span(at: all.lowerBound)
        _ = table.neighbours(of: all.lowerBound, in: all, limit: 8)
        changed += 1
      }
    }
    #expect(changed >= 900)
  }
}
