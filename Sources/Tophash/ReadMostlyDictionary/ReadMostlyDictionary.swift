import Synchronization

/// A dictionary for many tasks that read, with the methods and the ordering promises of Go's
/// `sync.Map`.
///
///     let sessions = ReadMostlyDictionary<String, Session>()
///     sessions.updateValue(session, forKey: token)
///     if let session = sessions[token] { … }
///
/// It is a class and `Sendable`: share it as it is, with `let`, without a lock around it.
///
/// **Reading** never waits, never writes to memory that other keys or readers share beyond a slot
/// of the reading thread, and never meets a half-done change. **Changing** takes a lock of a few
/// instructions on one node of the structure; two changes wait for each other only when the hashes
/// of their keys begin alike. None of your code runs under a lock: `==`, `hash(into:)`, `deinit`
/// and closures may use the dictionary.
///
/// **Ordering.** Each method for one key takes effect at one moment between its call and its return
/// (it is *linearizable*), and whatever a task did before it changed a key is visible to everyone who
/// sees that change. `count` and iteration look at many keys, and say themselves what they promise.
///
/// **Atomic compound operations** (`value(forKey:insertingIfAbsent:)`, `insertValue(_:forKey:)`,
/// `compareExchange`, `removeValue(forKey:ifEqualTo:)`, `withValue(forKey:_:)`) are what to use where the next step
/// depends on what is there. A read followed by `updateValue` can lose another task's update.
///
/// ## When not to use it
///
/// - One task uses it: `Dictionary` is smaller and copies cheaply.
/// - It changes as often as it is read, or holds millions of small entries: every change allocates
///   and copies up to four entries. `ConcurrentDictionary` is faster and smaller there.
/// - Several keys must change together: use `LockedDictionary`, or a `Mutex` around a `Dictionary`.
/// - Keys come from an attacker: choose `hashing: .keyed`.
///
/// ## How it works
///
/// A trie with sixteen children per node over the 64 bits of the hash, top bits first, as in Go's
/// `internal/sync.HashTrieMap`; see also Bagwell, *Ideal Hash Trees* (2001). Up to four entries share
/// a leaf. A leaf never changes once published; a change replaces it, by one word in a slot. Memory that was replaced is destroyed
/// when no reader that may have seen it remains. See `TrieBranch` for the invariants.
public final class ReadMostlyDictionary<Key: Hashable & Sendable, Value: Sendable> {
  @usableFromInline typealias Leaf = TrieLeaf<Key, Value>

  /// The address of the current tree's root.
  @usableFromInline let treeWord: Atomic<UInt>
  @usableFromInline let domain = EpochDomain.shared
  @usableFromInline let limbo: Limbo<TrieGarbage<Key, Value>>
  @usableFromInline let hasher: KeyHasher<Key>

  /// An empty dictionary.
  ///
  /// - Parameter hashing: `.keyed` if an attacker may choose the keys.
  @inlinable
  public init(hashing: KeyHashing = .fast) {
    hasher = KeyHasher(hashing)
    // Here, not above: here the compiler knows the types that it is specialised for.
    limbo = Limbo { $0.destroy() }
    treeWord = Atomic(UInt(bitPattern: TrieTree.allocate().root.base))
  }

  /// A dictionary with these keys and values; of equal keys, the last one's value.
  @inlinable
  public convenience init(
    _ elements: some Sequence<(key: Key, value: Value)>, hashing: KeyHashing = .fast
  ) {
    self.init(hashing: hashing)
    for (key, value) in elements { updateValue(value, forKey: key) }
  }

  deinit { tree.destroy(Leaf.self) }

  /// The current tree, for use under a pin.
  @inlinable var tree: TrieTree {
    // Acquiring: pairs with the exchange in `removeAll` and sees the new tree's contents.
    let word = treeWord.load(ordering: .acquiring)
    return TrieTree(
      root: TrieBranch(base: UnsafeMutableRawPointer(bitPattern: word).unsafelyUnwrapped))
  }

  /// Calls `body` while nothing that it can reach gets destroyed.
  @inlinable
  @inline(__always)
  func pinned<Result, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    let pin = domain.pin()
    defer { domain.unpin(pin) }
    return try body()
  }

  /// The value stored for `key`, or nil. Go's `Load`.
  ///
  /// - Complexity: O(log *n*) expected, with a base of 16: five steps at a million entries.
  /// - Note: Never blocks and never allocates.
  @inlinable
  public subscript(key: Key) -> Value? {
    let hash = hasher.hash(key)
    let pin = domain.pin()
    defer { domain.unpin(pin) }
    let place = Place(of: hash, in: tree.root)
    guard let leaf = place.content.leaf(of: Leaf.self), let index = leaf.find(key, hash: hash)
    else {
      return nil
    }
    return leaf.entries[index].value
  }

  /// How many entries there are.
  ///
  /// Counts every change that happened before the call. Of changes that overlap it, it counts some.
  ///
  /// - Complexity: O(number of processors).
  @inlinable
  public var count: Int {
    // A removal's -1 may be seen before the +1 of the insertion that it follows.
    pinned { Swift.max(0, tree.counter.sum) }
  }

  /// Whether there are no entries; exact only when nothing changes meanwhile, as `count` is.
  @inlinable
  public var isEmpty: Bool { count == 0 }
}

/// Proof: `treeWord` is atomic and `hasher` constant; `limbo` is `Sendable`. What the word leads to
/// changes under the rules of `TrieBranch`, and is destroyed only when no pin can reach it. Keys and
/// values go from one task to another, and are `Sendable`.
extension ReadMostlyDictionary: @unchecked Sendable {}
