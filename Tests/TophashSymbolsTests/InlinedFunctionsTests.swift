import Foundation
import Testing
import TophashTestSupport

@testable import TophashSymbols

@Suite struct InlinedFunctionsTests {
  static let source = """
    static inline __attribute__((always_inline)) int square(volatile int *value) {
      int read = *value;
      return read * read;
    }

    static inline __attribute__((always_inline)) int area(volatile int *width, int height) {
      int sum = square(width);
      for (int i = 0; i < height; i++) sum += square(width) + 3 * i;
      return sum;
    }

    __attribute__((noinline)) int twice(volatile int *value) {
      int first = area(value, *value);
      if (*value > 100) __builtin_trap();
      return first + area(value, 2) + square(value);
    }

    int main(int count, char **arguments) {
      return twice(&count);
    }
    """

  @Test(arguments: [
    ["-gdwarf-2"], ["-gdwarf-3"], ["-gdwarf-4"], ["-gdwarf-5"], ["-gdwarf-4", "-gdwarf64"],
    ["-gdwarf-5", "-gdwarf64"], ["-gdwarf-5", "-ffunction-sections"],
  ])
  func `every version gives the functions that the tool gives`(options: [String]) throws {
    let path = try compileC(
      Self.source, name: "inlined" + options.joined(), options + ["-O2", "-nogpulib"])
    let image = try ElfImage(path: path)
    let tool = try #require(SymbolizerTool.find())
    let functions = ["twice", "main"].map { name in
      image.symbols.named(name).first { $0.isDefined && $0.kind == .function }!
    }
    let ranges = functions.map { $0.value..<$0.value + $0.size }
    let inlined = InlinedFunctions(of: image, in: ranges)
    let addresses = ranges.flatMap { Array($0) }
    let expected = try #require(tool.functions(at: addresses, inImageAt: path))
    var depths = Set<Int>()
    for address in addresses {
      let chain = inlined.chain(at: address)
      let functions = try #require(expected[address])
      #expect(chain.map(\.symbol) == functions.map(\.symbol))
      #expect(chain.dropLast().map(\.call) == functions.dropFirst().map(\.location))
      #expect(chain.last?.call == nil)
      depths.insert(chain.count)
    }
    #expect(depths == [1, 2, 3])
  }

  @Test func `only what was asked for is kept`() throws {
    let path = try compileC(Self.source, name: "inlined-part", ["-gdwarf-5", "-O2", "-nogpulib"])
    let image = try ElfImage(path: path)
    let main = try #require(image.symbols.named("main").first { $0.isDefined })
    let inlined = InlinedFunctions(of: image, in: [main.value..<main.value + main.size])
    #expect(inlined.instances.map(\.symbol) == ["main"])
    #expect(InlinedFunctions(of: image, in: []).instances.isEmpty)
    #expect(InlinedFunctions(of: image, in: [1..<2]).instances.isEmpty)
  }

  @Test(arguments: ["-gdwarf-4", "-gdwarf-5", "swift"])
  func `damaged debug information neither traps nor hangs`(kind: String) throws {
    let path =
      kind == "swift"
      ? try Fixture.release.path
      : try compileC(Self.source, name: "inlined-damaged" + kind, [kind, "-O2", "-nogpulib"])
    let image = try ElfImage(path: path)
    let all = try #require(image.addressRange)
    let whole = DwarfSections(image)
    #expect(InlinedFunctions(whole, in: [all]).instances.count > 3)
    let parts: [WritableKeyPath<DwarfSections, Bytes?>] = [
      \.info, \.abbreviations, \.ranges, \.rangeLists, \.addresses, \.stringOffsets, \.line,
    ]
    var changed = 0
    for part in parts {
      guard let bytes = whole[keyPath: part]?.array, bytes.count > 1 else { continue }
      for damaged in mutations(of: bytes, in: 0..<min(bytes.count, 400), seeds: 0..<200) {
        var sections = whole
        sections[keyPath: part] = Bytes(damaged)
        _ = InlinedFunctions(sections, in: [all, 1..<2, .max - 1..<(.max)]).chain(at: .max)
        changed += 1
      }
    }
    #expect(changed >= 600)
  }
}
