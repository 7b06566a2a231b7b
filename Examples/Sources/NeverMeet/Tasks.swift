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

/// Announcements, which change three times a day.
final class Board: @unchecked Sendable {
  private var notices: [Int: String] = [0: "open"]
  private let lock = NSLock()

  func read(_ number: Int) -> String? {
    notices[number]  // race: read
  }

  func post(_ notice: String, as number: Int) {
    notices[number] = notice  // race: post
  }

  func readGuarded(_ number: Int) -> String? { lock.withLock { notices[number] } }

  func postGuarded(_ notice: String, as number: Int) { lock.withLock { notices[number] = notice } }
}

/// Racy: three changes, each while everybody has just looked.
let rareWriter = Meeting("rare-writer") {
  let board = Board()
  await withTaskGroup(of: Void.self) { group in
    group.addTask {
      for _ in 0..<3 {
        for _ in 0..<1_000 { precondition(board.read(0) != nil) }
        try? await Task.sleep(for: .milliseconds(40))
      }
    }
    group.addTask {
      for number in 1...3 {
        try? await Task.sleep(for: .milliseconds(30))
        board.post("closed", as: number)
      }
    }
  }
} fixed: {
  let board = Board()
  await withTaskGroup(of: Void.self) { group in
    group.addTask {
      for _ in 0..<3 {
        for _ in 0..<1_000 { precondition(board.readGuarded(0) != nil) }
        try? await Task.sleep(for: .milliseconds(40))
      }
    }
    group.addTask {
      for number in 1...3 {
        try? await Task.sleep(for: .milliseconds(30))
        board.postGuarded("closed", as: number)
      }
    }
  }
}

/// Answers that were computed before.
final class Memo: @unchecked Sendable {
  private var answers: [Int: Int] = [:]

  func remember(_ question: Int, _ answer: Int) {
    answers[question] = answer  // race: remember
  }

  func recall(_ question: Int) -> Int? {
    answers[question]  // race: recall
  }
}

/// Racy: a task that nobody awaits writes, and its maker reads.
let unawaitedTask = Meeting("unawaited-task") {
  let memo = Memo()
  Task.detached { memo.remember(6, 42) }
  try? await Task.sleep(for: .milliseconds(100))
  precondition(memo.recall(6) == 42)
} fixed: {
  let memo = Memo()
  await Task.detached { memo.remember(6, 42) }.value
  precondition(memo.recall(6) == 42)
}

/// Distances between towns.
final class Distances: @unchecked Sendable {
  private var table: [String: UInt32] = [:]

  func set(_ town: String, _ distance: UInt32) {
    table[town] = distance  // race: set
  }

  func correct(_ town: String, by factor: UInt32) {
    table[town, default: 1] *= factor  // race: correct
  }
}

private func measured(_ distances: Distances) async { distances.set("Bergen", 20) }

private func corrected(_ distances: Distances) async {
  try? await Task.sleep(for: .milliseconds(40))
  distances.correct("Bergen", by: 2)
}

/// Racy: two bindings of `async let` that share what they change.
let asyncLet = Meeting("async-let") {
  let distances = Distances()
  async let first: Void = measured(distances)
  async let second: Void = corrected(distances)
  _ = await (first, second)
} fixed: {
  let distances = Distances()
  async let first: Void = measured(distances)
  await first
  async let second: Void = corrected(distances)
  await second
}
