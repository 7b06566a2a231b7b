import Foundation
import Synchronization
import TophashTestSupport

/// A small Swift program, compiled when a test first asks for it and kept until the tests end.
enum Fixture: String, CaseIterable {
  case debug, release, stripped

  /// Every kind of function the demangler and the line tables must cope with, on known lines.
  static let source = """
    final class Inventory {
      var stock: [String: Int] = [:]

      @inline(never)
      func add(_ item: String, count: Int) {
        stock[item, default: 0] += count
      }

      @inline(never)
      func restock() { stock = [:] }
    }

    struct Warehouse {
      let inventory = Inventory()

      @inline(never)
      func simulate() async -> Int {
        await withTaskGroup(of: Void.self) { group in
          for task in 0..<2 {
            group.addTask {
              await Task.yield()
              self.inventory.add("bolt", count: task)
            }
          }
        }
        return inventory.stock.count
      }
    }

    nonisolated(unsafe) var total: [Int: String] = [:]

    print(await Warehouse().simulate(), total)
    """

  /// The program's file.
  var path: String {
    get throws {
      try Self.built.withLock { built in
        if let path = built[self] { return path }
        let path = try build()
        built[self] = path
        return path
      }
    }
  }

  private static let built = Mutex<[Fixture: String]>([:])

  static let directory: URL = {
    let directory = FileManager.default.temporaryDirectory
      .appending(path: "tophash-symbols-\(ProcessInfo.processInfo.processIdentifier)")
    try? FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(at: Fixture.directory) }
    return directory
  }()

  private func build() throws -> String {
    let source = Self.directory.appending(path: "Warehouse.swift")
    try Self.source.write(to: source, atomically: true, encoding: .utf8)
    let output = Self.directory.appending(path: rawValue).path
    let level = self == .debug ? "-Onone" : "-O"
    try Tool.run(
      "swiftc", level, "-g", "-swift-version", "5", "-module-name",
      "Warehouse", source.path, "-o", output)
    if self == .stripped { try Tool.run("strip", output) }
    return output
  }
}

/// Compiles C to a file in the fixtures' directory and returns its path.
func compileC(_ source: String, name: String, _ options: [String]) throws -> String {
  let file = Fixture.directory.appending(path: name + ".c")
  try source.write(to: file, atomically: true, encoding: .utf8)
  let output = Fixture.directory.appending(path: name).path
  try Tool.run(["clang", "-g"] + options + [file.path, "-o", output])
  return output
}
