import Foundation
import Testing
import TophashTestSupport

@testable import TophashSymbols

@Suite struct ElfImageTests {
  @Test func `a dynamic program tells what it is`() throws {
    let image = try ElfImage(path: Fixture.debug.path)
    #if arch(x86_64)
    #expect(image.machine == .x86_64)
    #elseif arch(arm64)
    #expect(image.machine == .arm64)
    #endif
    #expect(image.kind == .dynamic)
    #expect(!image.isStaticallyLinked)
    #expect(image.interpreter?.contains("ld-linux") == true)
    #expect(image.neededLibraries.contains("libswiftCore.so"))
    #expect(image.libraryPaths.contains { $0.hasSuffix("/swift/linux") })
    #expect(image.hasSwiftCode)
    #expect(image.imports("swift_beginAccess"))
    #expect(!image.defines("swift_beginAccess"))
    #expect(!image.imports("__tsan_init"))
  }

  @Test func `a library defines what programs import`() throws {
    let runtime = try #require(runtimePath)
    let image = try ElfImage(path: runtime)
    #expect(image.kind == .dynamic)
    #expect(image.interpreter == nil)
    #expect(!image.isStaticallyLinked)
    #expect(image.libraryName == "libswiftCore.so")
    #expect(image.defines("swift_beginAccess"))
    #expect(!image.imports("swift_beginAccess"))
  }

  @Test func `build ids agree with the system's tool`() throws {
    let path = try Fixture.debug.path
    let id = try #require(try ElfImage(path: path).buildID)
    #expect(try Tool.run("readelf", "-n", path).contains("Build ID: \(id)"))
  }

  @Test(arguments: Fixture.allCases)
  func `every function and object is found at its first and last byte`(fixture: Fixture) throws {
    let image = try ElfImage(path: fixture.path)
    let places = image.symbols.filter { $0.isDefined && $0.size > 0 && $0.kind == .function }
    #expect(fixture == .stripped || places.count > 20)
    for symbol in places {
      let first = try #require(image.symbol(containing: symbol.value))
      let last = try #require(image.symbol(containing: symbol.value + symbol.size - 1))
      #expect(first.value == symbol.value)
      #expect(last.value >= symbol.value)
    }
    #expect(image.symbol(containing: 0) == nil)
    #expect(image.symbol(containing: .max) == nil)
  }

  @Test func `symbols agree with nm`() throws {
    let path = try Fixture.debug.path
    let image = try ElfImage(path: path)
    var expected = Set<String>()
    for line in try Tool.run("nm", "--defined-only", path).split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count == 3, "tTdDbB".contains(fields[1]) else { continue }
      expected.insert("\(UInt64(fields[0], radix: 16)!) \(fields[2])")
    }
    let found = Set(image.symbols.filter(\.isDefined).map { "\($0.value) \($0.name)" })
    #expect(expected.count > 50)
    #expect(expected.subtracting(found).isEmpty)
  }

  @Test func `relocations agree with readelf`() throws {
    let path = try Fixture.debug.path
    let image = try ElfImage(path: path)
    var rows = 0
    for line in try Tool.run("readelf", "-rW", path).split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count >= 4, fields[0].count == 16,
        let vaddr = UInt64(fields[0], radix: 16)
      else { continue }
      rows += 1
      let relocation = try #require(image.relocations[vaddr])
      if fields[2].hasSuffix("RELATIVE") || fields[2].hasSuffix("RELATIV") {
        #expect(relocation.symbol == nil)
        #expect(relocation.addend == Int64(fields[3], radix: 16))
      } else {
        let name = try #require(relocation.symbol)
        #expect(fields[4].split(separator: "@").first.map(String.init) == name)
      }
    }
    #expect(rows > 20)
    #expect(image.relocations.count == rows)
  }

  @Test func `memory is read as the loader would lay it out`() throws {
    let image = try ElfImage(path: Fixture.debug.path)
    let range = try #require(image.addressRange)
    #expect(image.read(at: range.lowerBound, count: 4) == [0x7f, 0x45, 0x4c, 0x46])
    #expect(image.load(UInt32.self, at: range.lowerBound) == 0x464c_457f)

    let bss = try #require(image.section(named: ".bss"))
    #expect(image.read(at: bss.address, count: 8) == [UInt8](repeating: 0, count: 8))
    let text = try #require(image.section(named: ".text"))
    #expect(image.isExecutable(text.address))
    #expect(!image.isExecutable(bss.address))
    #expect(
      image.read(at: text.address, count: 16)
        == image.contents(of: text)?.array.prefix(16).map { $0 })

    #expect(image.read(at: .max, count: 1) == nil)
    #expect(image.read(at: range.lowerBound, count: .max) == nil)
    #expect(image.read(at: range.lowerBound, count: -1) == nil)
  }

  @Test func `packed relative relocations are unpacked`() throws {
    let source = "int a; int *p = &a; int *q[70] = { [0] = &a, [69] = &a };"
    let path = try compileC(
      source, name: "packed.so",
      ["-shared", "-fPIC", "-fuse-ld=lld", "-Wl,-z,pack-relative-relocs", "-fvisibility=hidden"])
    let image = try ElfImage(path: path)
    #expect(image.section(named: ".relr.dyn") != nil)
    let object = try #require(image.symbols.named("a").first { $0.kind == .object })
    let pointers = try #require(image.symbols.named("q").first { $0.kind == .object })
    for slot in [0, 69] as [UInt64] {
      let relocation = try #require(image.relocations[pointers.value + slot * 8])
      #expect(relocation.symbol == nil)
      #expect(relocation.addend == Int64(object.value))
    }
    #expect(image.relocations[pointers.value + 8] == nil)
  }

  @Test func `a static program is recognised`() throws {
    let path = try compileC(
      "void _start(void) { for (;;); }", name: "alone", ["-static", "-nostdlib"])
    #expect(try ElfImage(path: path).isStaticallyLinked)
  }

  // MARK: Files that are none

  @Test func `errors name the file and the reason`() throws {
    func reason(_ bytes: [UInt8]) -> ElfError.Reason? {
      do throws(ElfError) {
        _ = try ElfImage(path: "app", bytes: Bytes(bytes))
        return nil
      } catch {
        #expect(error.path == "app")
        return error.reason
      }
    }
    #expect(reason([]) == .notElf)
    #expect(reason(Array("#!/bin/sh\n".utf8)) == .notElf)
    #expect(reason([0x7f, 0x45, 0x4c, 0x46]) == .truncated("the header"))
    #expect(reason([0x7f, 0x45, 0x4c, 0x46, 1, 1]) == .unsupported("a 32-bit file"))
    #expect(reason([0x7f, 0x45, 0x4c, 0x46, 2, 2]) == .unsupported("a big-endian file"))
    let whole = [UInt8](try Data(contentsOf: URL(filePath: Fixture.debug.path)))
    #expect(reason(Array(whole.prefix(100))) == .truncated("the table of program headers"))
    #expect(reason(Array(whole.prefix(2000))) == .truncated("the table of section headers"))
    #expect(throws: ElfError(path: "/nowhere", reason: .unreadable)) {
      try ElfImage(path: "/nowhere")
    }
    #expect(throws: ElfError(path: "/", reason: .unreadable)) { try ElfImage(path: "/") }
  }

  @Test func `damaged files neither trap nor hang`() throws {
    let whole = [UInt8](try Data(contentsOf: URL(filePath: Fixture.release.path)))
    let image = try ElfImage(path: "whole", bytes: Bytes(whole))
    // Where it hurts: the headers, the tables of segments and sections, symbols, relocations.
    var places = [0..<1024, whole.count - 64 * image.sections.count..<whole.count]
    for name in [".dynamic", ".dynsym", ".symtab", ".rela.dyn", ".note.gnu.build-id"] {
      let section = try #require(image.section(named: name))
      places.append(Int(section.offset)..<Int(section.offset + section.size))
    }
    var opened = 0
    for (index, place) in places.enumerated() {
      let first = UInt64(index) * 1000
      for bytes in mutations(of: whole, in: place, seeds: first..<first + 60) {
        guard let image = try? ElfImage(path: "damaged", bytes: Bytes(bytes)) else { continue }
        opened += 1
        exercise(image)
      }
    }
    #expect(opened > 100)
  }

  private func exercise(_ image: ElfImage) {
    _ = (image.interpreter, image.neededLibraries, image.libraryPaths, image.libraryName)
    _ = (image.buildID, image.isStaticallyLinked, image.hasSwiftCode, image.addressRange)
    _ = (image.imports("swift_beginAccess"), image.defines("main"))
    for symbol in image.symbols {
      _ = image.symbol(containing: symbol.value)
      _ = image.read(at: symbol.value, count: Int(clamping: min(symbol.size, 4096)))
    }
    for address in image.relocations.addresses { _ = image.relocations[address] }
    for section in image.sections { _ = image.contents(of: section)?.count }
  }
}

/// The Swift runtime of this very process.
let runtimePath: String? = {
  let data = try? FileHandle(forReadingAtPath: "/proc/self/maps")?.readToEnd()
  let maps = String(decoding: data ?? Data(), as: UTF8.self)
  return maps.split(separator: "\n").first { $0.hasSuffix("/libswiftCore.so") }
    .flatMap { $0.split(separator: " ").last.map(String.init) }
}()
