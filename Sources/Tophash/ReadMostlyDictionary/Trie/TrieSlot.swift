/// What a slot holds, in a word: 0 for nothing, the address of a leaf, or the address of a branch
/// with the lowest bit set.
@frozen
@usableFromInline
struct TrieSlot {
  @usableFromInline let word: UInt

  @inlinable
  init(word: UInt) { self.word = word }

  @inlinable
  init(_ branch: TrieBranch) { word = UInt(bitPattern: branch.base) | 1 }

  @inlinable
  init<Key, Value>(_ leaf: TrieLeaf<Key, Value>) { word = UInt(bitPattern: leaf.base) }

  @inlinable var branch: TrieBranch? {
    guard word & 1 != 0 else { return nil }
    return TrieBranch(base: UnsafeMutableRawPointer(bitPattern: word ^ 1).unsafelyUnwrapped)
  }

  /// - Precondition: `branch` is nil.
  @inlinable
  func leaf<Key, Value>(of _: TrieLeaf<Key, Value>.Type) -> TrieLeaf<Key, Value>? {
    UnsafeMutableRawPointer(bitPattern: word).map { TrieLeaf(base: $0) }
  }

  /// Destroys all that is behind a slot. For the only one who knows it.
  @inlinable
  func destroy<Key, Value>(_ type: TrieLeaf<Key, Value>.Type) {
    if let branch {
      for index in 0..<TrieBranch.slotCount { branch.content(index).destroy(type) }
      branch.deallocate()
    } else {
      leaf(of: type)?.destroy()
    }
  }
}
