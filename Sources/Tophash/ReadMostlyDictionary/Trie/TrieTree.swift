/// The root branch of a trie, with what is counted in it.
///
/// `removeAll` puts a new tree in the place of the old one, and the count goes with it.
@frozen
@usableFromInline
struct TrieTree {
  @usableFromInline let root: TrieBranch

  @inlinable
  init(root: TrieBranch) { self.root = root }

  @inlinable
  static func allocate() -> TrieTree {
    let base = UnsafeMutableRawPointer.allocate(
      byteCount: TrieBranch.size + MemoryLayout<StripedCounter>.size, alignment: 16)
    let tree = TrieTree(root: TrieBranch(initializing: base, parent: nil))
    tree.counterPointer.initialize(to: StripedCounter())
    return tree
  }

  @inlinable var counterPointer: UnsafeMutablePointer<StripedCounter> {
    (root.base + TrieBranch.size).assumingMemoryBound(to: StripedCounter.self)
  }

  @inlinable var counter: StripedCounter { counterPointer.pointee }

  /// Destroys the tree with all that is in it. For its only user.
  @inlinable
  func destroy<Key, Value>(_ type: TrieLeaf<Key, Value>.Type) {
    counter.deallocate()
    TrieSlot(root).destroy(type)
  }
}
