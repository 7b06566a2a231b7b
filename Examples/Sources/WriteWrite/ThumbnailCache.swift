import Foundation
import Gallery

/// Thumbnails by path. Racy: the cache is emptied while pictures are stored.
final class ThumbnailCache: @unchecked Sendable {
  private var thumbnails: [String: [UInt8]] = [:]

  func store(_ pixels: [UInt8], for path: String) {
    thumbnails[path] = pixels  // race: store
  }

  func relieveMemoryPressure() {
    thumbnails.removeAll(keepingCapacity: true)  // race: empty
  }
}

/// Fixed: storing and emptying take the same lock.
final class GuardedThumbnailCache: @unchecked Sendable {
  private let lock = NSLock()
  private var thumbnails: [String: [UInt8]] = [:]

  func store(_ pixels: [UInt8], for path: String) {
    lock.withLock { thumbnails[path] = pixels }
  }

  func relieveMemoryPressure() {
    lock.withLock { thumbnails.removeAll(keepingCapacity: true) }
  }
}

let removeAll = Scenario("remove-all") {
  let cache = ThumbnailCache()
  return [
    Worker("loader") { cache.store([1, 2, 3], for: "album/\($0 % 8).jpg") },
    Worker("memory pressure") { _ in cache.relieveMemoryPressure() },
  ]
} fixed: {
  let cache = GuardedThumbnailCache()
  return [
    Worker("loader") { cache.store([1, 2, 3], for: "album/\($0 % 8).jpg") },
    Worker("memory pressure") { _ in cache.relieveMemoryPressure() },
  ]
}
