import Foundation

/// A ledger whose variables the tests watch. With `fixed` it is locked; without, it is not.
final class Ledger: @unchecked Sendable {
  var entries = 0
  var names: [String: Int] = [:]
  var newest: Account?
  lazy var summary = Account(entries)
  let lock = NSLock()
  /// Keeps one alive until the next: else the optimiser puts it on the stack.
  nonisolated(unsafe) static var latest: Ledger?

  func add() { entries += 1 }

  func addLocked() {
    lock.lock()
    entries += 1
    lock.unlock()
  }

  @inline(never)
  func open(_ account: Account) { newest = account }

  @inline(never)
  func sum() -> Int { summary.balance }

  func note(_ name: String) {
    lock.lock()
    names[name, default: 0] += 1
    lock.unlock()
  }
}

final class Account: Sendable {
  let balance: Int
  init(_ balance: Int) { self.balance = balance }
}

nonisolated(unsafe) var total = 0
nonisolated(unsafe) var untouched = 0

/// Runs `body` on `count` threads at once, which start one after the other.
func inParallel(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let done = DispatchSemaphore(value: 0)
  for number in 0..<count {
    let thread = Thread {
      // `Thread.name` stays within Foundation.
      try? "clerk \(number)".write(
        toFile: "/proc/thread-self/comm", atomically: false, encoding: .utf8)
      body(number)
      done.signal()
    }
    thread.start()
  }
  for _ in 0..<count { done.wait() }
}

@main
enum Main {
  static func main() async {
    let ledger = Ledger()
    switch CommandLine.arguments.dropFirst().first {
    case "threads":
      // The second half is started when the first has ended.
      for _ in 0..<2 {
        inParallel(4) { _ in
          for _ in 0..<1250 {
            ledger.lock.lock()
            total += 1
            ledger.lock.unlock()
          }
        }
      }
    case "tasks":
      let isFixed = CommandLine.arguments.contains("fixed")
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<2 {
          group.addTask {
            for _ in 0..<2000 { if isFixed { ledger.addLocked() } else { ledger.add() } }
          }
        }
      }
    case "kinds":
      ledger.open(Account(1))
      ledger.open(Account(2))
      total = ledger.sum()
      for name in ["a", "b", "a"] { ledger.note(name) }
    case "captured":
      let isFixed = CommandLine.arguments.contains("fixed")
      // Nothing but these closures knows it.
      nonisolated(unsafe) var seen: [Int: Int] = [:]
      let note: @Sendable (Int) -> Void = { number in
        if isFixed { ledger.lock.lock() }
        seen[number, default: 0] += 1
        if isFixed { ledger.lock.unlock() }
      }
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<2 { group.addTask { for number in 0..<2000 { note(number) } } }
      }
    case "objects":
      for number in 0..<6 {
        let other = Ledger()
        Ledger.latest = other
        other.entries = number
      }
    default: break
    }
    print("done")
  }
}
