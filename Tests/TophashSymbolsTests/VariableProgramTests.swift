import Foundation
import Testing
import TophashSymbols
import TophashTestSupport

/// A program that takes the snapshots of its own variables, built in the ways that programs are.
private enum Build: String, CaseIterable {
  case release, stripped, staticStripped, withoutReflection

  var options: [String] {
    switch self {
    case .release: ["-O"]
    case .stripped: ["-O", "-Xlinker", "-s"]
    case .staticStripped: ["-O", "-static-stdlib", "-Xlinker", "-s"]
    case .withoutReflection: ["-O", "-Xfrontend", "-disable-reflection-metadata"]
    }
  }

  var hasSymbols: Bool { self != .stripped && self != .staticStripped }

  static let source = """
    final class Inventory {
      var count = 0
      var stock: [String: Int] = ["a": 1]
      var state = State()
      struct State {
        var name = "name"
        var open: Bool?
        var tags: Set<String> = ["a"]
      }
    }
    class Box<Value> {
      var value: Value
      init(_ value: Value) { self.value = value }
    }
    final class Crate: Box<[Int: [String]]> { var label: [Double] = [1] }
    actor Bank {
      var accounts: [String: Double] = ["a": 1]
      func show() { Warehouse.show("actor", &accounts) }
    }
    enum Registry { nonisolated(unsafe) static var entries: [Int: [String]] = [1: ["a"]] }
    // What only its creator knows, the optimiser keeps on the stack, or nowhere.
    nonisolated(unsafe) var shared: [AnyObject] = []
    nonisolated(unsafe) var table: [String: Int] = ["a": 1]

    @inline(never) func show<T>(_ label: String, _ value: inout T) {
      withUnsafeMutablePointer(to: &value) { pointer in
        let address = UInt64(UInt(bitPattern: pointer))
        var bytes = [UInt8](repeating: 0, count: 16384)
        let used = tophash_snapshot_collect(address, &bytes, 16384)
        print(label, address, bytes[..<Int(used)].map { String($0) }.joined(separator: ","))
      }
    }
    @inline(never) func escape(_ run: @escaping () -> Void) -> () -> Void { run }

    @main enum Main {
      static func main() async {
        let inventory = Inventory()
        shared.append(inventory)
        show("stock", &inventory.stock)
        show("tags", &inventory.state.tags)
        let crate = Crate([1: ["a"]])
        shared.append(crate)
        show("inherited", &crate.value)
        show("label", &crate.label)
        await Bank().show()
        show("static", &Registry.entries)
        show("global", &table)
        var local: [Int: [String]] = [1: ["a"]]
        let run = escape { local[2] = [] }
        show("captured", &local)
        run()
        let maps = fopen("/proc/self/maps", "r")!
        var line = [CChar](repeating: 0, count: 4096)
        while fgets(&line, 4096, maps) != nil {
          let text = line.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
          print("map", text, terminator: "")
        }
      }
    }
    """

  /// Builds and runs it: what the namer says about each of its variables.
  func variables() throws -> [String: Variable] {
    let directory = Fixture.directory
    let core = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources")
    let header = directory.appending(path: "\(rawValue).h").path
    let source = directory.appending(path: "\(rawValue).swift").path
    let program = directory.appending(path: rawValue + "Snapshots").path
    var objects: [String] = []
    for unit in ["memory", "snapshot"] {
      objects.append(directory.appending(path: "\(rawValue)-\(unit).o").path)
      try Tool.run(
        "clang", "-O2", "-c", core.appending(path: "CTophashCore/facts/\(unit).c").path,
        "-I", core.appending(path: "CTophashCore/include").path,
        "-I", core.appending(path: "CTophashProtocol/include").path, "-o", objects.last!)
    }
    try """
    #include <stdio.h>
    #include "\(core.appending(path: "CTophashCore/include/tophash_facts.h").path)"
    """.write(toFile: header, atomically: true, encoding: .utf8)
    try Build.source.write(toFile: source, atomically: true, encoding: .utf8)
    try Tool.run(
      ["swiftc"] + options + [
        "-parse-as-library", "-swift-version", "5", "-module-name", "Warehouse",
        "-import-objc-header", header, source,
      ] + objects + ["-o", program])
    return try Build.read(try Tool.run(program))
  }

  private static func read(_ output: String) throws -> [String: Variable] {
    let lines = output.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 2) }
    let namer = VariableNamer(
      images: mappedImages(lines.filter { $0[0] == "map" }.map { $0[1...].joined(separator: " ") }))
    var variables: [String: Variable] = [:]
    for line in lines where line[0] != "map" && line.count == 3 {
      variables[String(line[0])] = namer.variable(
        at: UInt64(line[1])!, snapshot: line[2].split(separator: ",").map { UInt8($0)! })
    }
    return variables
  }
}

@Suite struct VariableProgramTests {
  @Test(arguments: Build.allCases)
  fileprivate func `variables of a program`(_ build: Build) throws {
    let variables = try build.variables()
    func expect(_ label: String, _ text: String, _ kind: Variable.Kind) {
      #expect(variables[label].map(words) == text)
      #expect(variables[label]?.kind == kind)
    }
    if build == .withoutReflection {
      expect("stock", "Warehouse.Inventory.property 2 : [String: Int]", .classProperty)
      expect("actor", "Warehouse.Bank.property 2 : [String: Double]", .actorProperty)
      expect("global", "Warehouse.table : [String: Int]", .global)
      return
    }
    expect("stock", "Warehouse.Inventory.stock : [String: Int]", .classProperty)
    expect("tags", "Warehouse.Inventory.state.tags : Set<String>", .classProperty)
    expect("inherited", "Warehouse.Box<[Int: [String]]>.value : [Int: [String]]", .classProperty)
    expect("label", "Warehouse.Crate.label : [Double]", .classProperty)
    expect("actor", "Warehouse.Bank.accounts : [String: Double]", .actorProperty)
    expect("captured", "captured variable : [Int: [String]]", .capturedVariable)
    if build.hasSymbols {
      expect("static", "Warehouse.Registry.entries : [Int: [String]]", .staticProperty)
      expect("global", "Warehouse.table : [String: Int]", .global)
    } else {
      for (label, type) in [("static", "[Int: [String]]"), ("global", "[String: Int]")] {
        let variable = try #require(variables[label])
        #expect(variable.kind == .global)
        #expect(variable.name.hasPrefix("\(build.rawValue)Snapshots+0x"))
        #expect(variable.type == type)
        #expect(variable.module == nil)
      }
    }
  }
}
