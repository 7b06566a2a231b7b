/// Decides whether some sequential order explains a concurrent history.
///
/// The search of Wing and Gong (1993): take away, as the next in order, any operation that was
/// called before the first one ended, if its result is the sequential one; go back when stuck. Lowe
/// (2017) adds the memory: a set of operations taken and the value they led to is tried once.
/// Linearizability is local (Herlihy and Wing 1990), so that each key is decided by itself.
struct LinearizabilityChecker {
  /// States tried: what the search cost.
  private(set) var states = 0

  enum Verdict: Equatable {
    case linearizable
    /// No order explains this key's operations.
    case violated(key: Int)
  }

  /// - Parameter initial: The value of each key at the start.
  mutating func check(
    _ history: [RecordedOperation], initial: (Int) -> Int? = { _ in nil }
  ) -> Verdict {
    let byKey = Dictionary(grouping: history, by: \.key)
    for (key, operations) in byKey.sorted(by: { $0.key < $1.key }) {
      if !explain(operations, from: initial(key)) { return .violated(key: key) }
    }
    return .linearizable
  }

  /// A call or an end, in a list that operations are taken out of and put back into.
  private struct Event {
    var operation: Int
    var isCall: Bool
    var previous: Int
    var next: Int
  }

  private struct State: Hashable {
    var taken: [UInt64]
    var value: Int?
  }

  private mutating func explain(_ operations: [RecordedOperation], from initial: Int?) -> Bool {
    var order: [(time: UInt64, isEnd: Bool, operation: Int)] = []
    for (index, operation) in operations.enumerated() {
      order.append((operation.call, false, index))
      order.append((operation.end, true, index))
    }
    // At equal times, calls come first: the operations may have overlapped.
    order.sort { ($0.time, $0.isEnd ? 1 : 0) < ($1.time, $1.isEnd ? 1 : 0) }

    // Event 0 is the list's head; the last one's `next` is 0.
    var events = [Event(operation: -1, isCall: false, previous: 0, next: order.isEmpty ? 0 : 1)]
    var endEvent = [Int](repeating: 0, count: operations.count)
    for (index, entry) in order.enumerated() {
      events.append(
        Event(
          operation: entry.operation, isCall: !entry.isEnd, previous: index,
          next: index + 1 == order.count ? 0 : index + 2))
      if entry.isEnd { endEvent[entry.operation] = index + 1 }
    }
    func unlink(_ index: Int) {
      events[events[index].previous].next = events[index].next
      events[events[index].next].previous = events[index].previous
    }
    func relink(_ index: Int) {
      events[events[index].previous].next = index
      events[events[index].next].previous = index
    }

    var state = State(
      taken: [UInt64](repeating: 0, count: operations.count / 64 + 1), value: initial)
    var seen: Set<State> = [state]
    var stack: [(call: Int, before: Int?)] = []
    var current = events[0].next
    while events[0].next != 0 {
      let event = events[current]
      if event.isCall {
        let operation = operations[event.operation]
        let outcome = operation.operation.apply(to: state.value)
        var next = state
        next.taken[event.operation / 64] |= 1 << UInt64(event.operation % 64)
        next.value = outcome.after
        if outcome.result == operation.result, seen.insert(next).inserted {
          states += 1
          stack.append((current, state.value))
          state = next
          // The end first: putting back happens in the opposite order.
          unlink(endEvent[event.operation])
          unlink(current)
          current = events[0].next
        } else {
          current = event.next
        }
      } else {
        // This operation has ended, and nothing before its end explains it: go back.
        guard let (call, before) = stack.popLast() else { return false }
        let operation = events[call].operation
        state.taken[operation / 64] &= ~(1 << UInt64(operation % 64))
        state.value = before
        relink(call)
        relink(endEvent[operation])
        current = events[call].next
      }
    }
    return true
  }
}
