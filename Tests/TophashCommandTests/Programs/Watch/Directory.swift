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
    case "reads":
      sessions.logIn("alice")
      sessions.logIn("bob")
      for _ in 0..<3 { if sessions.count("alice") + sessions.count("bob") == 0 { return } }
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
