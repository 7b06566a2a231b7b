import Foundation

@testable import Tophash

/// Wrong on purpose: a checker that has never rejected anything is no checker.
final class BrokenDictionary: SharedDictionary {
  typealias Key = Int

  enum Flaw: CaseIterable {
    /// Compound operations read under one lock and write under the next.
    case lostUpdates
    /// Reads come from a copy that is renewed now and then.
    case staleReads
    /// A key that is updated is absent for a moment.
    case vanishingKeys
  }

  private struct State {
    var entries: [Int: Int] = [:]
    var copy: [Int: Int] = [:]
    var reads = 0
  }

  private let flaw: Flaw
  private let state = Guarded(State())

  convenience init() { self.init(.lostUpdates) }
  init(_ flaw: Flaw) { self.flaw = flaw }

  subscript(key: Int) -> Int? {
    state.withLock { state in
      guard flaw == .staleReads else { return state.entries[key] }
      state.reads += 1
      if state.reads % 16 == 0 { state.copy = state.entries }
      return state.copy[key]
    }
  }

  func updateValue(_ value: Int, forKey key: Int) -> Int? {
    if flaw == .vanishingKeys {
      let old = state.withLock { $0.entries.removeValue(forKey: key) }
      sched_yield()
      state.withLock { $0.entries[key] = value }
      return old
    }
    return state.withLock { $0.entries.updateValue(value, forKey: key) }
  }

  func removeValue(forKey key: Int) -> Int? {
    state.withLock { $0.entries.removeValue(forKey: key) }
  }

  func value(forKey key: Int, insertingIfAbsent makeValue: @autoclosure () throws -> Int) rethrows
    -> Int
  {
    try withValue(forKey: key) { value in
      let result = try value ?? makeValue()
      value = result
      return result
    }
  }

  func withValue<Result>(forKey key: Int, _ body: (inout Int?) throws -> Result) rethrows -> Result
  {
    guard flaw == .lostUpdates else { return try state.withLock { try body(&$0.entries[key]) } }
    var value = state.withLock { $0.entries[key] }
    sched_yield()
    let result = try body(&value)
    state.withLock { $0.entries[key] = value }
    return result
  }

  func compareExchange(forKey key: Int, expected: Int?, desired: Int?) -> (
    exchanged: Bool, original: Int?
  ) {
    withValue(forKey: key) { value in
      let original = value
      if original == expected { value = desired }
      return (original == expected, original)
    }
  }

  func removeAll() { state.withLock { $0.entries = [:] } }
  var count: Int { state.withLock { $0.entries.count } }
  var isEmpty: Bool { count == 0 }
  var entries: [(Int, Int)] { state.withLock { $0.entries.map { ($0.key, $0.value) } } }
}
