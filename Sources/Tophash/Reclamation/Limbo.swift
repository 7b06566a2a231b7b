import Synchronization

/// Keeps what was unlinked until no reader can use it any more, then releases it.
///
/// One per structure and type of thing. Striped by thread, so that writers seldom meet.
/// Destroying it releases everything: by then its owner has no readers.
///
/// `@unchecked Sendable`: items are reached under their stripe's lock only, and are released once,
/// by whichever thread takes them out. Its owner only retires what may be released on any thread.
@usableFromInline
internal final class Limbo<Item>: @unchecked Sendable {
  /// Things retired in one epoch.
  @usableFromInline @frozen
  internal struct Bag {
    @usableFromInline internal var stamp: Int
    @usableFromInline internal var items: [Item]

    @inlinable
    internal init(stamp: Int, items: [Item]) {
      self.stamp = stamp
      self.items = items
    }
  }

  @usableFromInline
  internal final class Stripe: @unchecked Sendable {
    @usableFromInline internal let lock = ShortLock()

    /// Oldest first. Guarded by `lock`, as is what follows.
    @usableFromInline @exclusivity(unchecked) internal var bags: [Bag] = []
    @usableFromInline @exclusivity(unchecked) internal var sinceAdvance = 0
    @usableFromInline @exclusivity(unchecked) internal var retired = 0
    @usableFromInline @exclusivity(unchecked) internal var freed = 0

    @inlinable
    internal init() {}

    @inlinable
    internal func add(_ item: consuming Item, stamp: Int) {
      if let last = bags.indices.last, bags[last].stamp >= stamp {
        bags[last].items.append(item)
      } else {
        bags.append(Bag(stamp: stamp, items: [item]))
      }
      retired &+= 1
      sinceAdvance &+= 1
    }

    /// Everything that no reader can see any more.
    @inlinable
    internal func takeRipe(_ domain: EpochDomain) -> [Bag] {
      let ripe = bags.prefix { domain.isSafe($0.stamp) }
      bags.removeFirst(ripe.count)
      for bag in ripe { freed &+= bag.items.count }
      return Array(ripe)
    }
  }

  @usableFromInline internal let domain: EpochDomain
  @usableFromInline internal let stripes: [Stripe]

  /// How many things a stripe takes before it tries to move the epoch on: the scan of the slots
  /// and the system call are shared by that many.
  @inlinable
  internal static var patience: Int { 256 }

  @inlinable
  internal init(domain: EpochDomain = .shared) {
    self.domain = domain
    stripes = (0..<Swift.min(16, ThreadStripe.recommendedCount)).map { _ in Stripe() }
  }

  /// Takes over `item`, which has been unlinked.
  ///
  /// May run the deinitialisers of other items: call it without locks.
  @inlinable
  internal func retire(_ item: consuming Item) {
    let stripe = stripes[ThreadStripe.current & (stripes.count &- 1)]
    // After unlinking, before `item` can be found in a bag.
    let stamp = domain.stamp()
    let item = item
    let ripe = stripe.lock.withLock {
      stripe.add(item, stamp: stamp)
      guard stripe.sinceAdvance >= Self.patience else { return [Bag]() }
      stripe.sinceAdvance = 0
      domain.advance()
      return stripe.takeRipe(domain)
    }
    // Outside the lock: a deinitialiser may come back here.
    _ = consume ripe
  }

  /// Releases what can be released now: with no reader about, everything.
  @inlinable
  internal func flush() {
    domain.advance()
    domain.advance()
    for stripe in stripes {
      let ripe = stripe.lock.withLock { stripe.takeRipe(domain) }
      _ = consume ripe
    }
  }

  /// - Complexity: O(number of slots of the domain).
  @inlinable
  internal var statistics: ReclamationStatistics {
    var result = ReclamationStatistics(
      epoch: domain.epochCell.pointee.load(ordering: .relaxed), retired: 0, freed: 0)
    for stripe in stripes {
      stripe.lock.withLock {
        result.retired += stripe.retired
        result.freed += stripe.freed
      }
    }
    result.pendingBytes = result.pending * MemoryLayout<Item>.stride
    result.oldestReader = domain.oldestReader
    return result
  }
}
