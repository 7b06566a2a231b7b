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
  func destroy<Key, Value>(_: TrieChain<Key, Value>.Type) {
    Self.destroyContents(of: root, TrieChain<Key, Value>.self)
    counter.deallocate()
    root.deallocate()
  }

  @inlinable
  static func destroyContents<Key, Value>(
    of branch: TrieBranch, _: TrieChain<Key, Value>.Type
  ) {
    for index in 0..<TrieBranch.slotCount {
      let content = branch.content(index)
      if let child = content.branch {
        destroyContents(of: child, TrieChain<Key, Value>.self)
        child.deallocate()
      } else {
        let chain: TrieChain<Key, Value> = content.chain()
        chain.forEach(upTo: nil) { TrieChain<Key, Value>.destroy($0) }
      }
    }
  }
}
