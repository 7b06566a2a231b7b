import Gallery
import Synchronization

/// Places on maps. Racy: a lazy property is a variable like others once it is there, and more than
/// that the first time.
final class Atlas: @unchecked Sendable {
  lazy var pages = Dictionary(uniqueKeysWithValues: (0..<64).map { (String($0), 0) })

  func enter(_ place: String, page: Int) {
    pages[place] = page  // race: enter
  }

  func move(_ place: String) {
    pages[place, default: 0] += 1  // race: move
  }
}

/// Fixed: a mutex, around a value that is there from the beginning.
final class GuardedAtlas: Sendable {
  private let pages = Mutex(Dictionary(uniqueKeysWithValues: (0..<64).map { (String($0), 0) }))

  func enter(_ place: String, page: Int) {
    pages.withLock { $0[place] = page }
  }

  func move(_ place: String) {
    pages.withLock { $0[place, default: 0] += 1 }
  }
}

let lazyProperty = Scenario("lazy-property") {
  let atlas = Atlas()
  _ = atlas.pages.count
  return [
    Worker("author") { atlas.enter("7", page: $0) },
    Worker("editor") { _ in atlas.move("8") },
  ]
} fixed: {
  let atlas = GuardedAtlas()
  return [
    Worker("author") { atlas.enter("7", page: $0) },
    Worker("editor") { _ in atlas.move("8") },
  ]
}
