import Foundation
import Gallery

/// Titles by author. Racy: appending to a *value* of a dictionary changes the dictionary.
final class Bookshelf: @unchecked Sendable {
  private var titles: [String: [String]] = ["Austen": ["Emma"], "Borges": ["Ficciones"]]

  func add(_ title: String, by author: String) {
    titles[author, default: []].append(title)  // race: add
  }

  func titles(by author: String) -> [String] {
    titles[author] ?? []  // race: look up
  }
}

/// Fixed: a condition guards the shelf, and readers can wait for a title.
final class GuardedBookshelf: @unchecked Sendable {
  private let changed = NSCondition()
  private var titles: [String: [String]] = ["Austen": ["Emma"], "Borges": ["Ficciones"]]

  func add(_ title: String, by author: String) {
    changed.withLock {
      titles[author, default: []].append(title)
      changed.broadcast()
    }
  }

  func titles(by author: String) -> [String] {
    changed.withLock { titles[author] ?? [] }
  }
}

let nestedValue = Scenario("nested-value") {
  let shelf = Bookshelf()
  return [
    Worker("librarian") { shelf.add("Letters, volume \($0)", by: "Austen") },
    Worker("reader") { _ in precondition(shelf.titles(by: "Borges").count == 1) },
  ]
} fixed: {
  let shelf = GuardedBookshelf()
  return [
    Worker("librarian") { shelf.add("Letters, volume \($0)", by: "Austen") },
    Worker("reader") { _ in precondition(shelf.titles(by: "Borges").count == 1) },
  ]
}
