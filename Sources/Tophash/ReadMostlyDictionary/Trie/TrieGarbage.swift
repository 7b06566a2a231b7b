/// What was taken out of a trie, and waits in a `Limbo` until no reader can be looking at it.
///
/// Leaves, branches and trees are plain memory, without a reference count that a reader would
/// have to write to; so they are destroyed by hand.
///
/// `@unchecked Sendable`: addresses of what nobody can find any more, and destroyed by the one who
/// took them out of the limbo. Keys and values are `Sendable`.
@frozen
@usableFromInline
enum TrieGarbage<Key: Hashable & Sendable, Value: Sendable>: @unchecked Sendable {
  case leaf(TrieLeaf<Key, Value>)
  /// One branch, not what is in it.
  case branch(TrieBranch)
  /// A tree with everything in it.
  case tree(TrieTree)

  @inlinable
  func destroy() {
    switch self {
    case .leaf(let leaf): leaf.destroy()
    case .branch(let branch): branch.deallocate()
    case .tree(let tree): tree.destroy(TrieLeaf<Key, Value>.self)
    }
  }
}
