import Gallery
import Synchronization

/// Lines by word, built when first needed and again after each edit. Racy: two searches build the
/// index at once. Release builds leave whole assignments untracked.
final class SearchIndex: @unchecked Sendable {
  private let text = ["a race", "a map", "a map race"]
  private var cached: [String: [Int]]?

  func lines(with word: String) -> [Int] {
    if let cached {  // race: look up
      return cached[word] ?? []
    }
    let built = index(text)
    cached = built  // race: build
    return built[word] ?? []
  }

  func invalidate() {
    cached = nil  // race: invalidate
  }
}

/// Fixed: building happens under the mutex.
final class GuardedSearchIndex: Sendable {
  private let text = ["a race", "a map", "a map race"]
  private let cached = Mutex<[String: [Int]]?>(nil)

  func lines(with word: String) -> [Int] {
    cached.withLock { cached in
      if cached == nil { cached = index(text) }
      return cached?[word] ?? []
    }
  }

  func invalidate() {
    cached.withLock { $0 = nil }
  }
}

private func index(_ text: [String]) -> [String: [Int]] {
  var result: [String: [Int]] = [:]
  for (number, line) in text.enumerated() {
    for word in line.split(separator: " ") {
      result[String(word), default: []].append(number)
    }
  }
  return result
}

let lazyInitialisation = Scenario("lazy-initialisation") {
  let index = SearchIndex()
  return [
    Worker("editor") { _ in index.invalidate() },
    Worker("search 1") { _ in precondition(index.lines(with: "race") == [0, 2]) },
    Worker("search 2") { _ in precondition(index.lines(with: "map") == [1, 2]) },
  ]
} fixed: {
  let index = GuardedSearchIndex()
  return [
    Worker("editor") { _ in index.invalidate() },
    Worker("search 1") { _ in precondition(index.lines(with: "race") == [0, 2]) },
    Worker("search 2") { _ in precondition(index.lines(with: "map") == [1, 2]) },
  ]
}
