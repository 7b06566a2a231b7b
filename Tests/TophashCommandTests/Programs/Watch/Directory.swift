import Foundation
import Tophash

/// Dictionaries of ours, of which the tests watch single entries. All access is ordered.
final class Sessions: @unchecked Sendable {
  let byUser = FailFastDictionary<String, Int>()
  private let lock = NSLock()

  @inline(never)
  func logIn(_ user: String) {
    lock.lock()
    byUser[user, default: 0] += 1
    lock.unlock()
  }

  @inline(never)
  func rename(_ user: String) {
    lock.lock()
    byUser.updateValue(100, forKey: user)
    lock.unlock()
  }

  @inline(never)
  func logOut(_ user: String) {
    lock.lock()
    byUser.removeValue(forKey: user)
    lock.unlock()
  }

  @inline(never)
  func count(_ user: String) -> Int {
    lock.lock()
    defer { lock.unlock() }
    return byUser[user] ?? 0
  }

  @inline(never)
  func clear() {
    lock.lock()
    byUser.removeAll(keepingCapacity: true)
    byUser.reserveCapacity(5000)
    lock.unlock()
  }
}

enum Level: String { case low, high }

struct Point: Hashable {
  var x = 0
  var y = 0
}

nonisolated(unsafe) let scores = FailFastDictionary<Int, Double>()
nonisolated(unsafe) let levels = FailFastDictionary<Level, String>()
nonisolated(unsafe) let points = FailFastDictionary<Point, Int>()

/// Two tasks take turns: alice comes again and again, and so many others that the table grows
/// under her.
func grow(_ sessions: Sessions) async {
  sessions.logIn("alice")
  for round in 0..<20 {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { sessions.logIn("alice") }
      group.addTask { for number in 0..<100 { sessions.logIn("\(round) \(number)") } }
    }
  }
  sessions.logOut("alice")
  sessions.logOut("nobody")
}

/// Does this and that to a dictionary for a while, and prints what became of one of its entries.
///
/// The table grows and is packed while entries come and go, with iterations under way, and is
/// emptied and replaced.
func wander(seed: UInt64) {
  var state = seed
  func random(_ count: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % count
  }
  var present: Int?
  var iterations: [FailFastDictionary<String, Int>.Iterator] = []
  func become(_ value: Int?) {
    switch (present, value) {
    case (nil, let new?): print("insert \(new)")
    case (let old?, let new?): print("write \(old) \(new)")
    case (let old?, nil): print("remove \(old)")
    case (nil, nil): break
    }
    present = value
  }
  func change(_ registry: Registry, _ number: Int) {
    let names = registry.names
    switch random(100) {
    case 0..<50: names["\(random(1500))"] = number
    case 50..<75: names["\(random(1500))"] = nil
    case 75..<84:
      names["alice"] = number
      become(number)
    case 84..<88:
      names["alice", default: 0] += 1
      become((present ?? 0) + 1)
    case 88..<92:
      names["alice"]? += 1
      if let value = present { become(value + 1) }
    case 92..<95:
      names.removeValue(forKey: "alice")
      become(nil)
    case 95..<97:
      var iterator = names.makeIterator()
      for _ in 0..<5 { _ = iterator.next() }
      iterations.append(iterator)
      if iterations.count > 3 { iterations.removeFirst() }
    case 97: names.reserveCapacity(random(3000))
    default:
      guard random(40) == 0 else { return }
      names.removeAll(keepingCapacity: random(2) == 0)
      become(nil)
    }
  }
  let registry = Registry()
  Registry.latest = registry
  for number in 0..<6000 {
    change(registry, number)
    // Another dictionary; the one before goes, as far as no iteration holds it.
    if number % 2000 == 1999 {
      registry.names = FailFastDictionary()
      present = nil
    }
  }
}

final class Registry {
  var names = FailFastDictionary<String, Int>()
  /// Keeps one from the stack, where the optimiser would put it.
  nonisolated(unsafe) static var latest: Registry?
}

/// What the C library's module keeps from Swift.
@_silgen_name("fork") private func startChild() -> Int32

@main
enum Main {
  static func main() async {
    let sessions = Sessions()
    switch CommandLine.arguments.dropFirst().first {
    case "grow": await grow(sessions)
    case "kinds":
      sessions.logIn("alice")
      sessions.rename("alice")
      sessions.clear()
      sessions.rename("alice")
      scores[42] = 0.5
      scores[42] = 1.5
      scores[7] = 2
      levels[.high] = "up"
      points[Point()] = 1
    case "wander": wander(seed: UInt64(CommandLine.arguments[2]) ?? 1)
    case "fork":
      sessions.logIn("alice")
      let child = startChild()
      if child == 0 {
        sessions.logOut("alice")
        sessions.rename("alice")
        _exit(0)
      }
      var status: Int32 = 0
      waitpid(child, &status, 0)
      sessions.rename("alice")
    case "reads":
      sessions.logIn("alice")
      sessions.logIn("bob")
      for _ in 0..<3 { if sessions.count("alice") + sessions.count("bob") == 0 { return } }
    case "many":
      let all = (0..<20).map { _ in Sessions() }
      for one in all { one.logIn("bob") }
    case "local":
      let local = FailFastDictionary<String, Int>()
      for number in 0..<50 { local["\(number % 10)"] = number }
      // The next one has its memory, perhaps.
      for _ in 0..<5 {
        let other = FailFastDictionary<String, Int>()
        other["x"] = 1
      }
    default: break
    }
    print("done")
  }
}
