import Dispatch
import Foundation

/// What is captured has no place in a declaration: it is followed from where it is allocated.
final class Cache: @unchecked Sendable {
  var dict: [String: Int] = [:]
  var hits = 0
  private let lock = NSLock()

  func load(_ keys: [String]) async {
    await withTaskGroup(of: Void.self) { group in
      for key in keys { group.addTask { self.dict[key] = key.count } }
    }
  }

  func later(_ queue: DispatchQueue) {
    queue.async {
      self.dict["later"] = 1
      self.hits += 1
    }
    queue.async { [weak self] in self?.dict["weak"] = 1 }
  }

  func locked(_ key: String) {
    lock.lock()
    defer { lock.unlock() }
    dict[key, default: 0] += 1
  }
}

actor Bank {
  var accounts: [String: Int] = [:]
  private var log: [String] = []

  func deposit(_ name: String) async {
    accounts[name, default: 0] += 1
    await Task.yield()
    log.append(name)
    accounts[name] = nil
  }
}

struct State {
  var cache: [String: String] = [:]
  var list: [Int] = []
}

final class Session {
  var state = State()
  let id: Int
  var cache = Cache()

  init(id: Int) { self.id = id }

  func touch() {
    state.cache["a"] = "b"
    state.list.append(1)
    cache.dict["x"] = 1
  }
}

enum Registry {
  nonisolated(unsafe) static var all: [String: Cache] = [:]
  nonisolated(unsafe) private static var names: [String] = []

  static func add(_ name: String) {
    names.append(name)
    all[name] = Cache()
  }
}

@propertyWrapper final class Wrapped<Value> {
  var wrappedValue: Value
  init(wrappedValue: Value) { self.wrappedValue = wrappedValue }
}

final class Holder {
  @Wrapped var value: [Int] = []
  func add() { value.append(1) }
}

func counters() -> [() -> Void] {
  var first: [Int: Int] = [:]
  var second: [String] = []
  return [{ first[1] = 1 }, { second.append("x") }]
}

@main struct Main {
  static func main() async {
    let cache = Cache()
    await cache.load(["a", "b"])
    cache.later(.main)
    cache.locked("c")
    await Bank().deposit("x")
    let session = Session(id: 1)
    session.touch()
    Registry.add("z")
    let task = Task {
      session.state.cache["t"] = "u"
      cache.hits += 2
    }
    await task.value
    Thread.detachNewThread { cache.dict["thread"] = 1 }
    for count in counters() { count() }
    Holder().add()
    print(cache.dict.count, cache.hits)
  }
}
