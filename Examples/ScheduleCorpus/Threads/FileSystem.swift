import Foundation

/// Files look for a block that is free, and take it a moment later: two of them get the same one
/// (after the file system of Flanagan and Godefroid, 2005).
extension Program {
  static let fsbench = threads("fsbench", "asked for under a lock, taken under the next") {
    isFixed in
    let disk = Disk(blockCount: 26)
    let files = (0..<26).map { _ in File() }
    onThreads(
      files.indices.map { index in
        { files[index].block = disk.takeBlock(from: index * 2, atOnce: isFixed) }
      })
    check(Set(files.map(\.block)).count == files.count, "two files have one block")
  }
}

/// Only its own thread uses it, until all have ended.
private final class File: @unchecked Sendable {
  var block = -1
}

private final class Disk: Sendable {
  private let blocks: [Block]

  init(blockCount: Int) {
    blocks = (0..<blockCount).map { _ in Block() }
  }

  /// The first free block from `start` on.
  func takeBlock(from start: Int, atOnce: Bool) -> Int {
    var number = start % blocks.count
    while true {
      let block = blocks[number]
      if atOnce ? block.takeIfFree() : block.isFree {
        if !atOnce { block.take() }
        return number
      }
      number = (number + 1) % blocks.count
    }
  }
}

private final class Block: @unchecked Sendable {
  private let lock = NSLock()
  private var isTaken = false

  var isFree: Bool { lock.withLock { !isTaken } }
  func take() { lock.withLock { isTaken = true } }

  func takeIfFree() -> Bool {
    lock.withLock {
      defer { isTaken = true }
      return !isTaken
    }
  }
}
