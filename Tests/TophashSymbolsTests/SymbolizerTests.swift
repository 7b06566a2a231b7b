import Foundation
import Testing
import TophashTestSupport

@testable import TophashSymbols

@Suite struct SymbolizerTests {
  /// Where a fixture would have been loaded.
  static let base: UInt64 = 0x5555_0000_0000

  private func image(_ fixture: Fixture) throws -> (LoadedImage, ElfImage) {
    let path = try fixture.path
    let file = try ElfImage(path: path)
    let range = try #require(file.addressRange)
    let loaded = LoadedImage(
      path: path, base: Self.base,
      range: range.lowerBound + Self.base..<range.upperBound + Self.base)
    return (loaded, file)
  }

  private func tool() throws -> String {
    try #require(SymbolizerTool.find(in: ProcessInfo.processInfo.environment)).path
  }

  /// Return addresses at every fourth byte of each Swift function.
  private func addresses(in file: ElfImage) -> [UInt64] {
    file.symbols.filter {
      $0.isDefined && $0.kind == .function && $0.name.hasPrefix("$s9Warehouse")
    }
    .flatMap { stride(from: $0.value + 1, to: $0.value + $0.size, by: 4) }
    .map { $0 + Self.base }
  }

  private func frames(_ fixture: Fixture, usingTool: Bool) throws -> [UInt64: [Frame]] {
    let (loaded, file) = try image(fixture)
    return Symbolizer(images: [loaded], toolPath: usingTool ? try tool() : nil)
      .frames(at: addresses(in: file))
  }

  @Test func `both ways agree on a debug build`() throws {
    let byTool = try frames(.debug, usingTool: true)
    let own = try frames(.debug, usingTool: false)
    #expect(byTool.count > 500)
    #expect(byTool == own)
  }

  @Test func `both ways agree on a release build`() throws {
    let byTool = try frames(.release, usingTool: true)
    let own = try frames(.release, usingTool: false)
    #expect(byTool.count > 300)
    #expect(byTool.values.contains { $0.count > 2 })
    #expect(byTool.values.contains { $0.contains { $0.location?.precision == .nearest } })
    for (address, frames) in byTool {
      #expect(own[address] == frames)
      #expect(frames.map(\.isInlined) == frames.indices.map { $0 < frames.count - 1 })
    }
  }

  @Test(arguments: [Fixture.debug, .release], [false, true])
  func `a modification without a line gets the line of its statement`(
    fixture: Fixture, usingTool: Bool
  ) throws {
    let inAdd = try frames(fixture, usingTool: usingTool).values
      .compactMap { $0.last }.filter { $0.function == "Inventory.add(_:count:)" }
    #expect(inAdd.count > 30)
    #expect(inAdd.contains { $0.location?.precision == .nearest })
    for frame in inAdd {
      let location = try #require(frame.location)
      #expect(location.file.hasSuffix("/Warehouse.swift"))
      // Line 6 is the statement; 5 and 7 are where the function begins and ends.
      #expect((location.precision == .nearest ? 6...6 : 5...7).contains(location.line))
      #expect(frame.module == "Warehouse")
      #expect(frame.origin == .own)
    }
  }

  @Test(arguments: [false, true])
  func `inlined library code is told from the function that uses it`(usingTool: Bool) throws {
    let stack = try frames(.release, usingTool: usingTool).values.first { frames in
      frames.count == 2 && frames[0].module == "Swift"
        && frames[1].function == "Inventory.add(_:count:)"
    }
    let found = try #require(stack)
    #expect(found[0].origin == .standardLibrary)
    #expect(found[0].location == nil)
    #expect(found[1].origin == .own)
    #expect(found[1].location?.line == 6)
  }

  /// Collections whose changes an optimised build inlines; each statement on a line of its own,
  /// beside others that look the same from outside.
  private static let changes = """
    final class Shelf {
      var counts: [String: Int] = [:]
      var names: Set<String> = []
      var log: [String] = []
      var text = ""

      @inline(never) func remove(_ name: String) {
        print("removes", name)
        counts.removeValue(forKey: name)
        print("removed", name)
      }
      @inline(never) func clear() {
        print("clears")
        counts.removeAll(keepingCapacity: true)
        print("cleared")
      }
      @inline(never) func insert(_ name: String) {
        print("inserts")
        names.insert(name)
        print("inserted")
      }
      @inline(never) func note(_ name: String) {
        print("notes")
        log.append(name)
        print("noted")
      }
      @inline(never) func write(_ name: String) {
        print("writes")
        text += name
        print("wrote")
      }
    }

    let shelf = Shelf()
    shelf.remove("bolt")
    shelf.clear()
    shelf.insert("nut")
    shelf.note("screw")
    shelf.write("washer")
    """

  @Test(arguments: ["-Onone", "-O"])
  func `where an access begins is the statement that makes it`(level: String) throws {
    let source = Fixture.directory.appending(path: "shelf\(level).swift")
    try Self.changes.write(to: source, atomically: true, encoding: .utf8)
    let path = Fixture.directory.appending(path: "shelf\(level)").path
    try Tool.run(
      "swiftc", level, "-g", "-module-name", "Shelf", "-whole-module-optimization", source.path,
      "-o", path)
    let file = try ElfImage(path: path)
    let range = try #require(file.addressRange)
    let image = LoadedImage(
      path: path, base: Self.base,
      range: range.lowerBound + Self.base..<range.upperBound + Self.base)
    // `9b7f: e8 … callq 0x4950 <swift_beginAccess@plt>`, and the next instruction.
    let code = try Tool.run("llvm-objdump", "-d", "--no-show-raw-insn", path)
      .split(separator: "\n")
    let calls = zip(code, code.dropFirst()).filter { $0.0.contains("<swift_beginAccess") }
    let addresses = calls.compactMap { _, next in
      UInt64(next.prefix { $0 != ":" }.drop { $0 == " " }, radix: 16).map { $0 + Self.base }
    }
    for toolPath in [try tool(), nil] {
      let frames = Symbolizer(images: [image], toolPath: toolPath).frames(at: addresses)
      let functions = ["remove(_:)", "clear()", "insert(_:)", "note(_:)", "write(_:)"]
      let lines = try functions.map { name in
        let sites = frames.values.compactMap { frames in
          frames.first { $0.function == "Shelf.\(name)" }
        }
        #expect(sites.count == 1)
        return try #require(sites.first).location?.line
      }
      #expect(lines == [9, 14, 19, 24, 29])
    }
  }

  @Test(arguments: [false, true])
  func `a stripped program leaves the module and the offset`(usingTool: Bool) throws {
    let (loaded, file) = try image(.stripped)
    let (_, unstripped) = try image(.release)
    let text = try #require(file.section(named: ".text"))
    let known = try #require(unstripped.symbols.first { $0.name.hasPrefix("$s9Warehouse") })
    #expect(text.address <= known.value)
    let address = known.value + 8 + Self.base
    let frames = Symbolizer(images: [loaded], toolPath: usingTool ? try tool() : nil)
      .frames(at: [address])
    let frame = try #require(frames[address]?.first)
    #expect(frame.function == "stripped + 0x\(String(known.value + 8, radix: 16))")
    #expect(frame.offset == known.value + 8)
    #expect(frame.symbol == nil)
    #expect(frame.location == nil)
  }

  @Test(arguments: [false, true])
  func `the rest of an async function stands for itself`(usingTool: Bool) throws {
    let (loaded, file) = try image(.debug)
    let symbolizer = Symbolizer(images: [loaded], toolPath: usingTool ? try tool() : nil)
    let parts = file.symbols.filter { $0.name.hasPrefix("$s9Warehouse") && $0.name.hasSuffix("_") }
      .filter { $0.name.contains("TQ") || $0.name.contains("TY") }
    #expect(parts.count > 3)
    let frames = symbolizer.frames(at: parts.map { $0.value + Self.base })
    for part in parts {
      let frame = try #require(frames[part.value + Self.base]?.last)
      #expect(frame.symbol == part.name)
      #expect(frame.function.hasSuffix("Warehouse.simulate()"))
    }
  }

  @Test func `what lies in no image or no file is still a frame`() throws {
    let gone = LoadedImage(path: "/nowhere/Gone", base: 0x1000, range: 0x1000..<0x3000)
    let text = LoadedImage(path: "/etc/passwd", base: 0x8000, range: 0x8000..<0x9000)
    let symbolizer = Symbolizer(images: [gone, text], toolPath: try tool())
    let frames = symbolizer.frames(at: [0, 0x1234, 0x8010, 0xdead_beef, .max])
    #expect(frames[0x1234]?.map(\.function) == ["Gone + 0x234"])
    #expect(frames[0x8010]?.map(\.function) == ["passwd + 0x10"])
    #expect(frames[0xdead_beef]?.map(\.function) == ["0xdeadbeef"])
    #expect(frames[0xdead_beef]?.first?.image == nil)
    #expect(frames[0]?.count == 1)
    #expect(frames[.max]?.count == 1)
  }

  @Test(arguments: ["/nowhere/llvm-symbolizer", "/bin/false", "/bin/cat", "/bin/true"])
  func `a tool that fails is done without`(path: String) throws {
    let (loaded, file) = try image(.debug)
    let addresses = Array(addresses(in: file).prefix(20))
    #expect(
      Symbolizer(images: [loaded], toolPath: path).frames(at: addresses)
        == Symbolizer(images: [loaded], toolPath: nil).frames(at: addresses))
  }

  @Test func `the tool is looked up where the user said, then beside swift`() throws {
    let named = SymbolizerTool.find(in: ["TOPHASH_SYMBOLIZER": "/some/tool", "PATH": "/usr/bin"])
    #expect(named?.path == "/some/tool")
    #expect(SymbolizerTool.find(in: ["TOPHASH_SYMBOLIZER": "", "PATH": "/usr/bin"]) == nil)
    #expect(SymbolizerTool.find(in: [:]) == nil)

    let root = Fixture.directory.appending(path: "path")
    let toolchain = root.appending(path: "toolchain")
    let links = root.appending(path: "links")
    for directory in [toolchain, links] {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }
    for program in ["toolchain/swift", "toolchain/llvm-symbolizer", "links/llvm-symbolizer"] {
      let url = root.appending(path: program)
      try Data().write(to: url)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: url.path)
    }
    #expect(
      SymbolizerTool.find(in: ["PATH": links.path])?.path
        == links.appending(path: "llvm-symbolizer").path)
    try FileManager.default.createSymbolicLink(
      at: links.appending(path: "swift"), withDestinationURL: toolchain.appending(path: "swift"))
    #expect(
      SymbolizerTool.find(in: ["PATH": links.path])?.path
        == toolchain.appending(path: "llvm-symbolizer").path)
  }

  @Test func `addresses of this very process are named`() throws {
    let runtime = try #require(runtimePath)
    let file = try ElfImage(path: runtime)
    let begin = try #require(file.symbols.named("swift_beginAccess").first { $0.isDefined })
    let range = try #require(file.addressRange)
    let loaded = LoadedImage(path: runtime, base: 0, range: range)
    let frames = Symbolizer(images: [loaded], toolPath: nil).frames(at: [begin.value + 1])
    let frame = try #require(frames[begin.value + 1]?.first)
    #expect(frame.function == "swift_beginAccess")
    #expect(frame.origin == .runtime)
  }
}

@Suite struct FrameOriginTests {
  @Test(
    arguments: [
      ("/app/Warehouse", "$s9Warehouse9InventoryC3add_5countySS_SitF", .own),
      ("/app/Warehouse", "$ss17_NativeDictionaryV4copyyyFSS_SiTg5", .standardLibrary),
      ("/app/Warehouse", "$sSa4DemoE4tidyyyFSi_Tg5", .own),
      ("/app/Warehouse", "swift_retain", .runtime),
      ("/app/Warehouse", "__swift_instantiateConcreteTypeFromMangledName", .runtime),
      ("/app/Warehouse", "Swift runtime failure: arithmetic overflow", .standardLibrary),
      ("/app/Warehouse", "_start", .system),
      ("/app/Warehouse", "main", .own),
      ("/app/libHelper.so", "helper", .own),
      ("/usr/lib/swift/linux/libswiftCore.so", "$sSa6appendyyxnF", .standardLibrary),
      ("/usr/lib/swift/linux/libswiftCore.so", "swift_beginAccess", .runtime),
      ("/usr/lib/swift/linux/libswift_Concurrency.so", "_ZL9runJobfoo", .runtime),
      ("/usr/lib/swift/linux/libFoundation.so", "CFRelease", .standardLibrary),
      ("/usr/lib/swift/linux/libdispatch.so", "_dispatch_worker_thread", .system),
      ("/app/.build/libTophashProbe.so", "begin", .runtime),
      ("/lib/x86_64-linux-gnu/libc.so.6", "start_thread", .system),
      ("/usr/lib/x86_64-linux-gnu/libsqlite3.so.0", "sqlite3_step", .system),
    ] as [(String, String, FrameOrigin)])
  func `code is told by who wrote it`(image: String, symbol: String, origin: FrameOrigin) {
    let name = FunctionName(symbol: symbol)
    let frame = Frame(
      address: 1, image: image, offset: 1, symbol: symbol, function: name.text,
      module: name.module, location: nil, isInlined: false)
    #expect(frame.origin == origin)
  }
}
