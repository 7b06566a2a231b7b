import Foundation

/// Open orders by number.
final class Orders: @unchecked Sendable {
  private var orders: [UInt32: String] = [:]

  // Kept whole: the optimiser would merge the closures of both twins into one without lines.
  @inline(never)
  func place(_ number: UInt32) {
    orders[number] = "placed"  // race: place
  }

  func cancel(_ number: UInt32) {
    orders[number] = nil  // race: cancel
  }
}

/// Racy: items of a concurrent queue are not ordered, also when one thread ran both.
let concurrentQueue = Meeting("concurrent-queue") {
  let orders = Orders()
  let queue = DispatchQueue(label: "orders", attributes: .concurrent)
  await withCheckedContinuation { done in
    queue.async { orders.place(1) }
    queue.asyncAfter(deadline: .now() + 0.05) {
      orders.cancel(1)
      done.resume()
    }
  }
} fixed: {
  let orders = Orders()
  let queue = DispatchQueue(label: "orders", attributes: .concurrent)
  await withCheckedContinuation { done in
    queue.async(flags: .barrier) { orders.place(1) }
    queue.asyncAfter(deadline: .now() + 0.05, flags: .barrier) {
      orders.cancel(1)
      done.resume()
    }
  }
}

/// What was paid, by customer.
final class Payments: @unchecked Sendable {
  private var totals: [String: Int] = [:]

  func pay(_ customer: String, _ amount: Int) {
    totals[customer, default: 0] += amount  // race: pay
  }

  func refund(_ customer: String, _ amount: Int) {
    totals[customer, default: 0] -= amount  // race: refund
  }
}

/// Racy: two serial queues are two orders.
let twoQueues = Meeting("two-queues") {
  let payments = Payments()
  let (cash, card) = (DispatchQueue(label: "cash"), DispatchQueue(label: "card"))
  await withCheckedContinuation { done in
    cash.async { payments.pay("Ada", 10) }
    card.asyncAfter(deadline: .now() + 0.05) {
      payments.refund("Ada", 10)
      done.resume()
    }
  }
} fixed: {
  let payments = Payments()
  let till = DispatchQueue(label: "till")
  let cash = DispatchQueue(label: "cash", target: till)
  let card = DispatchQueue(label: "card", target: till)
  await withCheckedContinuation { done in
    cash.async { payments.pay("Ada", 10) }
    card.asyncAfter(deadline: .now() + 0.05) {
      payments.refund("Ada", 10)
      done.resume()
    }
  }
}

/// How often each word was seen.
final class Tally: @unchecked Sendable {
  private var counts: [String: Double] = [:]
  private let lock = NSLock()

  func count(_ word: String) {
    counts[word, default: 0] += 1  // race: count
  }

  func countGuarded(_ word: String) {
    lock.withLock { counts[word, default: 0] += 1 }
  }
}

/// Racy: two iterations with one change each; one thread may well run both.
let performTwice = Meeting("concurrent-perform") {
  let tally = Tally()
  DispatchQueue.concurrentPerform(iterations: 2) { _ in tally.count("word") }
} fixed: {
  let tally = Tally()
  DispatchQueue.concurrentPerform(iterations: 2) { _ in tally.countGuarded("word") }
}

/// Built by whoever needs it first.
final class WordIndex: @unchecked Sendable {
  private var places: [String: Int] = [:]
  private let lock = NSLock()

  func place(of word: String) -> Int? {
    if places.isEmpty { build() }  // race: check
    return places[word]  // race: look up
  }

  func build() {
    for (place, word) in ["zero", "one", "two"].enumerated() {
      places[word] = place  // race: build
    }
  }

  func placeGuarded(of word: String) -> Int? {
    lock.withLock { place(of: word) }
  }
}

/// Racy: whoever comes second finds it built, and takes that for an order.
let lazyInitialisation = Meeting("lazy-initialisation") {
  let index = WordIndex()
  await withTaskGroup(of: Void.self) { group in
    group.addTask { precondition(index.place(of: "one") == 1) }
    group.addTask {
      try? await Task.sleep(for: .milliseconds(50))
      precondition(index.place(of: "two") == 2)
    }
  }
} fixed: {
  let index = WordIndex()
  await withTaskGroup(of: Void.self) { group in
    group.addTask { precondition(index.placeGuarded(of: "one") == 1) }
    group.addTask {
      try? await Task.sleep(for: .milliseconds(50))
      precondition(index.placeGuarded(of: "two") == 2)
    }
  }
}
