import Foundation

/// What an author writes and an editor takes over.
final class Manuscript: @unchecked Sendable {
  private var chapters: [Int: String] = [:]

  func write(_ number: Int) {
    chapters[number] = "chapter \(number)"  // race: write
  }

  func edit(_ number: Int) {
    chapters[number, default: ""] += ", edited"  // race: edit
  }
}

/// Racy: the editor believes that 300 ms are enough.
let handOver = Meeting("hand-over") {
  let manuscript = Manuscript()
  async let author: Void = Task.detached { manuscript.write(1) }.value
  async let editor: Void = Task.detached {
    try? await Task.sleep(for: .milliseconds(300))
    manuscript.edit(1)
  }.value
  _ = await (author, editor)
} fixed: {
  let manuscript = Manuscript()
  let author = Task.detached { manuscript.write(1) }
  await Task.detached {
    await author.value
    manuscript.edit(1)
  }.value
}

/// Read all the time, changed once.
final class ExchangeRates: @unchecked Sendable {
  private var rates = ["EUR": 100, "USD": 108]

  func rate(_ currency: String) -> Int {
    rates[currency] ?? 0  // race: ask
  }

  func change(_ currency: String, to rate: Int) {
    rates[currency] = rate  // race: change
  }
}

/// Racy: three million reads come before the only change.
let hotReaders = Meeting("hot-readers") {
  let rates = ExchangeRates()
  async let change: Void = Task.detached {
    try? await Task.sleep(for: .milliseconds(800))
    rates.change("USD", to: 107)
  }.value
  await withTaskGroup(of: Void.self) { readers in
    for _ in 0..<3 {
      readers.addTask { for _ in 0..<1_000_000 { precondition(rates.rate("EUR") == 100) } }
    }
  }
  await change
} fixed: {
  let rates = ExchangeRates()
  await withTaskGroup(of: Void.self) { readers in
    for _ in 0..<3 {
      readers.addTask { for _ in 0..<1_000_000 { precondition(rates.rate("EUR") == 100) } }
    }
  }
  await Task.detached { rates.change("USD", to: 107) }.value
}

/// Votes by name.
final class Poll: @unchecked Sendable {
  private var votes: [String: Int] = [:]

  func approve(_ name: String) {
    votes[name, default: 0] += 1  // race: approve
  }

  func reject(_ name: String) {
    votes[name, default: 0] -= 1  // race: reject
  }
}

/// Racy: two children of one task, with one change each.
let childTasks = Meeting("child-tasks") {
  let poll = Poll()
  await withTaskGroup(of: Void.self) { group in
    group.addTask { poll.approve("proposal") }
    group.addTask {
      try? await Task.sleep(for: .milliseconds(20))
      poll.reject("proposal")
    }
  }
} fixed: {
  let poll = Poll()
  await withTaskGroup(of: Void.self) { group in
    group.addTask { poll.approve("proposal") }
    await group.waitForAll()
    group.addTask { poll.reject("proposal") }
  }
  poll.approve("proposal")
}

/// Shared by two actors, each of which thinks that it is alone.
final class Shelf: @unchecked Sendable {
  private var books: [String: UInt8] = [:]

  func add(_ book: String) {
    books[book, default: 0] += 1  // race: add
  }

  func take(_ book: String) {
    books[book] = nil  // race: take
  }
}

actor Librarian {
  private let shelf: Shelf
  init(_ shelf: Shelf) { self.shelf = shelf }
  func add(_ book: String) { shelf.add(book) }
  func take(_ book: String) { shelf.take(book) }
}

/// Racy: an actor guards only what no other has.
let twoActors = Meeting("two-actors") {
  let shelf = Shelf()
  let (day, night) = (Librarian(shelf), Librarian(shelf))
  async let early: Void = Task.detached { await day.add("Emma") }.value
  async let late: Void = Task.detached {
    try? await Task.sleep(for: .milliseconds(30))
    await night.take("Emma")
  }.value
  _ = await (early, late)
} fixed: {
  let only = Librarian(Shelf())
  async let early: Void = Task.detached { await only.add("Emma") }.value
  async let late: Void = Task.detached {
    try? await Task.sleep(for: .milliseconds(30))
    await only.take("Emma")
  }.value
  _ = await (early, late)
}
