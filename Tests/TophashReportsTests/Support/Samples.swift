import CTophashProtocol
import TophashFindings
import TophashReports
import TophashSymbols

/// Findings of a warehouse, and what they are made of.
enum Samples {
  static let stock = Variable(
    kind: .classProperty, module: "Warehouse", name: "Inventory.stock", type: "[String: Int]",
    qualifiedType: "Swift.Dictionary<Swift.String, Swift.Int>")

  static func frame(
    _ function: String, _ line: Int, _ column: Int, in file: String = "Inventory.swift",
    precision: SourceLocation.Precision = .exact, isMerged: Bool = false
  ) -> Frame {
    Frame(
      address: 0x1010, image: "/shop/.build/debug/Warehouse", offset: 0x10,
      symbol: "$s9Warehouse", function: function, module: "Warehouse",
      location: SourceLocation(
        file: "/shop/Sources/Warehouse/\(file)", line: line, column: column, precision: precision),
      isInlined: false, isMerged: isMerged)
  }

  static func runtime(_ function: String) -> Frame {
    Frame(
      address: 0x9000, image: "/usr/lib/swift/linux/libdispatch.so", offset: 0x90, symbol: function,
      function: function, module: nil, location: nil, isInlined: false)
  }

  static let restock = Side(
    operation: .modify, owner: .task(id: 7, name: "restock"), threadID: 4245,
    stack: [
      frame("Inventory.stock.modify", 3, 15), frame("Inventory.add(_:count:)", 5, 3),
      runtime("swift_job_run"), runtime("_dispatch_worker_thread"), runtime("start_thread"),
    ],
    awaitedBy: [frame("closure #1 in Warehouse.simulate()", 22, 7, in: "Warehouse.swift")],
    siteIndex: 1, isHeld: true)

  static let order = Side(
    operation: .read, owner: .thread(id: 4246, name: "order", isMain: false), threadID: 4246,
    threadName: "order", queue: "com.example.orders",
    stack: [frame("Inventory.available(_:)", 9, 12), runtime("start_thread")])

  static let finding = Finding(
    grade: .caught, variable: stock, open: restock, begun: order, occurrences: 1204,
    processes: [.init(pid: 4242, program: "/shop/.build/debug/Warehouse")])

  /// Line 5 is indented by a tab.
  static let source = """
    /// Counts what is on the shelf.
    final class Inventory: @unchecked Sendable {
      private var stock: [String: Int] = [:]
      func add(_ item: String, count: Int) {
    \t\tstock[item, default: 0] += count
      }

      func available(_ item: String) -> Int {
        return stock[item] ?? 0
      }
    }
    """

  static func report(_ findings: Finding..., session: Session = Session(processes: [])) -> Report {
    Report(
      findings: findings, session: session, lockConflicts: 0,
      command: [".build/debug/Warehouse", "two words"], seed: 7, end: .exited(0))
  }

  /// A process under a probe that saw nothing yet.
  static var process: EventFile {
    get throws {
      var header = tophash_header()
      header.magic = TOPHASH_MAGIC
      header.version = TOPHASH_PROTOCOL_VERSION
      header.state = TOPHASH_STATE_WATCHING.rawValue
      header.hook = TOPHASH_HOOK_PATCHED.rawValue
      let bytes = withUnsafeBytes(of: header) { Array($0) }
      // All parts start at 0, and are overwritten below: only the header is told.
      var file = try EventFile(bytes: bytes + [UInt8](repeating: 0, count: 1 << 20))
      (file.accesses, file.locks, file.visits) = (AccessCounts(), [], [])
      return file
    }
  }

  static func reporter(
    isColored: Bool = false, source: @escaping (String) -> String? = { _ in nil }
  ) -> TextReporter {
    TextReporter(
      style: Style(isColored: isColored), paths: Paths(directory: "/shop"),
      source: SourceCache(read: source))
  }
}
