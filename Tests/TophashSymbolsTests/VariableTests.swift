import Foundation
import Testing
import TophashSymbols

// What the tests look for: the compiler lays it out, the namer has to find it again.

private final class Inventory {
  var stock: [String: Int] = ["apple": 1]
  var count = 0
  var tags: Set<URL> = []
  var names: [[Int?]] = []
  var title = "a title that is too long to be kept in place"
  lazy var index: [Int: [String]] = [1: []]
  var failure: (any Error)?
  var hashable: any Hashable = 1
  var pair: (left: Int, right: [String]) = (1, ["a"])
  weak var other: Inventory?
  var kind: Inventory.Type = Inventory.self
  var anything: [Any] = [1]
  var mutex = pthread_mutex_t()
  var wrapped: [Int]?
  var data = Data([1, 2, 3])
}

private class Box<Value> {
  var value: Value
  var history: [Value] = []
  init(_ value: Value) { self.value = value }
}

private final class Crate: Box<[String: Int]> {
  var label: [Character] = ["a"]
}

private final class Pair<First, Second> {
  final class Inner<Third> {
    var all: (First?, [Second], Third)
    init(_ all: (First?, [Second], Third)) { self.all = all }
  }
}

private actor Bank {
  var accounts: [String: Double] = ["a": 1]

  func probe() -> Variable { named(&accounts) }
}

private struct Session {
  struct State {
    var id = 1
    var flag = true
    var name = "name"
    var since: Int?
    var mode = Mode.on
    var cache: [String: [Int]] = ["a": [1]]
  }
  enum Mode { case on, off, broken }
}

private final class Server {
  var session = Session.State()
  var locked = Locked()

  struct Locked {
    var mutex = pthread_mutex_t()
    var values: [Int: Int] = [1: 1]
  }
}

nonisolated(unsafe) private var table: [String: [Int]] = ["a": [1]]
private enum Registry {
  nonisolated(unsafe) static var entries: [Int: [String: Any]] = [1: ["a": 1]]
}

private let module = "TophashSymbolsTests"

@Suite struct VariableTests {
  @Test func `properties of a class`() {
    let object = Inventory()
    _ = object.index
    func expect(_ variable: Variable, _ text: String, _ line: Int = #line) {
      #expect(words(variable) == "\(module).Inventory.\(text)", "line \(line)")
      #expect(variable.kind == .classProperty)
    }
    expect(named(&object.stock), "stock : [String: Int]")
    expect(named(&object.count), "count : Int")
    expect(named(&object.tags), "tags : Set<URL>")
    expect(named(&object.names), "names : [[Int?]]")
    expect(named(&object.title), "title : String")
    expect(named(&object.failure), "failure : (any Error)?")
    expect(named(&object.hashable), "hashable : any Hashable")
    expect(named(&object.pair), "pair : (left: Int, right: [String])")
    expect(named(&object.pair.right), "pair.right : [String]")
    expect(named(&object.kind), "kind : Inventory.Type")
    expect(named(&object.anything), "anything : [Any]")
    expect(named(&object.mutex), "mutex : pthread_mutex_t")
    expect(named(&object.wrapped), "wrapped : [Int]?")
    expect(named(&object.data), "data : Data")
    // Nothing but the compiler reaches the storage of a lazy property: it follows the title.
    withUnsafeMutablePointer(to: &object.title) { title in
      let storage = UInt64(UInt(bitPattern: title + 1))
      expect(
        namer.variable(at: storage, snapshot: snapshot(at: storage)), "index : [Int: [String]]")
    }
  }

  @Test func `generic, inherited and actor properties`() async {
    let box = Box<[String: Int]>(["a": 1])
    #expect(words(named(&box.value)) == "\(module).Box<[String: Int]>.value : [String: Int]")
    #expect(words(named(&box.history)) == "\(module).Box<[String: Int]>.history : [[String: Int]]")
    let crate = Crate(["a": 1])
    #expect(words(named(&crate.value)) == "\(module).Box<[String: Int]>.value : [String: Int]")
    #expect(words(named(&crate.label)) == "\(module).Crate.label : [Character]")
    let inner = Pair<Int, [String]>.Inner<Set<Int>>((1, [["a"]], [2]))
    #expect(
      words(named(&inner.all))
        == "\(module).Pair<Int, [String]>.Inner<Set<Int>>.all : (Int?, [[String]], Set<Int>)")
    #expect(
      words(named(&inner.all.2)) == "\(module).Pair<Int, [String]>.Inner<Set<Int>>.all.2 : Set<Int>"
    )
    let bank = await Bank().probe()
    #expect(words(bank) == "\(module).Bank.accounts : [String: Double]")
    #expect(bank.kind == .actorProperty)
  }

  @Test func `fields of structs`() {
    let server = Server()
    #expect(
      words(named(&server.session.cache)) == "\(module).Server.session.cache : [String: [Int]]")
    #expect(words(named(&server.session.name)) == "\(module).Server.session.name : String")
    #expect(words(named(&server.session.id)) == "\(module).Server.session : Session.State")
    #expect(words(named(&server.locked.values)) == "\(module).Server.locked.values : [Int: Int]")
    let box = Box(Session.State())
    #expect(
      words(named(&box.value.cache)) == "\(module).Box<Session.State>.value.cache : [String: [Int]]"
    )
  }

  @Test func `captured variables`() {
    var local: [String: Int] = ["a": 1]
    var empty: [Int: Int] = [:]
    let run = {
      local["b"] = 2
      empty[1] = 1
    }
    let first = named(&local)
    #expect(words(first) == "captured variable : [String: Int]")
    #expect(first.kind == .capturedVariable)
    #expect(words(named(&empty)) == "captured variable : [Int: Int]")
    escape(run)
    generic([1: ["a"]])
  }

  private func generic<T>(_ value: T) {
    var local = value
    let run = { local = value }
    #expect(words(named(&local)) == "captured variable : [Int: [String]]")
    escape(run)
  }

  @Test(
    arguments: [
      ("__C.pthread_mutex_t", true), ("__C.pthread_rwlock_t", true), ("__C.sem_t", true),
      ("Swift.Optional<__C.pthread_cond_t>", true), ("__C.atomic_flag", true),
      ("__C.catomics_uint64_atomic", true), ("__C.timespec", false), ("Swift.Int", false),
      ("__C.tiny_lock", true), ("__C.ev_mutex_t", true), ("__C.clock_t", false),
      ("__C.block_header", false), ("__C.flock", false),
      ("Swift.Dictionary<Swift.String, __C.pthread_mutex_t>", false),
      ("Swift.Dictionary<Swift.String, Atomics.ManagedAtomic<Swift.Int>>", false),
      ("App.AtomicCounter", false), (nil, false),
    ] as [(String?, Bool)])
  func `locks are told by their type`(_ type: String?, _ isLock: Bool) {
    let variable = Variable(
      kind: .classProperty, module: "App", name: "Cache.x", type: nil, qualifiedType: type)
    #expect(variable.isLock == isLock)
  }

  @Test func `a lock in a property is one`() {
    let object = Inventory()
    #expect(named(&object.mutex).isLock)
    #expect(!named(&object.stock).isLock)
  }

  @Test func `globals and statics`() {
    let global = named(&table)
    #expect(words(global) == "\(module).table : [String: [Int]]")
    #expect(global.kind == .global)
    let entries = named(&Registry.entries)
    #expect(words(entries) == "\(module).Registry.entries : [Int: [String: Any]]")
    #expect(entries.kind == .staticProperty)
    struct Local { nonisolated(unsafe) static var seen: [Int] = [1] }
    let local = named(&Local.seen)
    #expect(local.kind == .global)
    #expect(local.name.hasPrefix("seen in Local #1 in \(module).VariableTests."))
    #expect(local.type == "[Int]")
  }
}

@inline(never) private func escape(_ run: @escaping () -> Void) {
  withExtendedLifetime(run) {}
}
