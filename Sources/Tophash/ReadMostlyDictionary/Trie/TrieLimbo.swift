import Synchronization

/// What was taken out of a trie and waits until no reader can be looking at it.
///
/// Leaves, branches and trees are plain memory, without a reference count that a reader would
/// have to write to; so they are destroyed here, by kind, once `EpochDomain` says that it is safe.
///
/// Keys and values are destroyed by whichever thread finds that it is time, so they are `Sendable`.
@usableFromInline
final class TrieLimbo<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  @usableFromInline typealias Leaf = TrieLeaf<Key, Value>

  /// `@unchecked Sendable`: addresses of what nobody can find any more; they are in one bag, and
  /// destroyed by the one who took that bag out.
  @frozen
  @usableFromInline
  enum Garbage: @unchecked Sendable {
    case leaf(Leaf)
    /// One branch, not what is in it.
    case branch(TrieBranch)
    /// A tree with everything in it.
    case tree(TrieTree)

    @inlinable
    func destroy() {
      switch self {
      case .leaf(let leaf): leaf.destroy()
      case .branch(let branch): branch.deallocate()
      case .tree(let tree): tree.destroy(Leaf.self)
      }
    }
  }

  /// What was retired at one stamp.
  @frozen
  @usableFromInline
  struct Bag: Sendable {
    @usableFromInline var stamp: Int
    @usableFromInline var garbage: [Garbage]

    @inlinable
    init(stamp: Int, garbage: [Garbage]) {
      self.stamp = stamp
      self.garbage = garbage
    }
  }

  /// The bags of some threads, oldest first.
  ///
  /// `@unchecked Sendable`: `bags` is guarded by `lock`.
  @usableFromInline
  final class Stripe: @unchecked Sendable {
    @usableFromInline let lock = ShortLock()
    @exclusivity(unchecked) @usableFromInline var bags: [Bag] = []

    @usableFromInline init() {}

    @inlinable
    func withLock<Result>(_ body: (inout [Bag]) -> Result) -> Result {
      lock.acquire()
      defer { lock.release() }
      return body(&bags)
    }
  }

  /// How much a bag takes before its owner tries to move the epoch on: a scan of all readers'
  /// slots is shared by that many.
  @inlinable static var bagSize: Int { 256 }

  @usableFromInline let domain = EpochDomain.shared
  @usableFromInline let stripes: [Stripe]
  @usableFromInline let retiredCount = Atomic<Int>(0)
  @usableFromInline let freedCount = Atomic<Int>(0)

  @inlinable
  init() {
    stripes = (0..<ThreadStripe.recommendedCount).map { _ in Stripe() }
  }

  /// By now nobody has a reference to the dictionary, so nobody is reading.
  deinit {
    for stripe in stripes {
      for bag in stripe.bags {
        for garbage in bag.garbage { garbage.destroy() }
      }
    }
  }

  /// Takes over what has just been taken out. May destroy earlier garbage, and so run its `deinit`.
  @inlinable
  func retire(_ garbage: Garbage) {
    // Relaxed: a statistic.
    retiredCount.wrappingAdd(1, ordering: .relaxed)
    let stamp = domain.stamp()
    let stripe = stripes[ThreadStripe.current & (stripes.count &- 1)]
    let isFull = stripe.withLock { bags in
      if let last = bags.indices.last, bags[last].stamp >= stamp {
        bags[last].garbage.append(garbage)
        return bags[last].garbage.count % Self.bagSize == 0
      }
      bags.append(Bag(stamp: stamp, garbage: [garbage]))
      return bags.count > 2
    }
    if isFull {
      domain.advance()
      destroySafe(in: stripe)
    }
  }

  /// How much waits to be destroyed.
  @inlinable var pendingCount: Int {
    // Relaxed: statistics.
    let freed = freedCount.load(ordering: .relaxed)
    return Swift.max(0, retiredCount.load(ordering: .relaxed) - freed)
  }

  /// Destroys all that is safe to destroy now.
  @inlinable
  func flush() {
    domain.advance()
    domain.advance()
    for stripe in stripes { destroySafe(in: stripe) }
  }

  @inlinable
  func destroySafe(in stripe: Stripe) {
    let safe = stripe.withLock { bags in
      let count = bags.prefix { domain.isSafe($0.stamp) }.count
      let safe = Array(bags.prefix(count))
      bags.removeFirst(count)
      return safe
    }
    // Outside the lock: a `deinit` may come back here.
    for bag in safe {
      for garbage in bag.garbage { garbage.destroy() }
      freedCount.wrappingAdd(bag.garbage.count, ordering: .relaxed)
    }
  }
}
