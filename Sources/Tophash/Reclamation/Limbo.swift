import Synchronization

/// Keeps what was unlinked until no reader can use it any more, then releases it.
///
/// One per structure and type of thing. Striped by thread, so that writers seldom meet.
/// Destroying it releases everything: by then its owner has no readers.
///
/// What has been retired goes into the stripe's *open* bag. A full bag is closed, and stamped then:
/// the stamp may be later than it had to be, never earlier, and the fence that it takes is shared
/// by a whole bag.
///
/// `@unchecked Sendable`: items are reached under their stripe's lock only, and are released once,
/// by whichever thread takes them out. Its owner only retires what may be released on any thread.
@usableFromInline
internal final class Limbo<Item>: @unchecked Sendable {
  /// Things retired up to one epoch.
  @usableFromInline @frozen
  internal struct Bag {
    @usableFromInline internal let stamp: Int
    @usableFromInline internal let items: [Item]

    @inlinable
    internal init(stamp: Int, items: [Item]) {
      self.stamp = stamp
      self.items = items
    }
  }

  /// `@unchecked Sendable`: everything in it is guarded by its lock.
  @usableFromInline
  internal final class Stripe: @unchecked Sendable {
    @usableFromInline internal let lock = ShortLock()

    @usableFromInline @exclusivity(unchecked) internal var open: [Item] = []
    /// Closed bags, oldest first.
    @usableFromInline @exclusivity(unchecked) internal var bags: [Bag] = []
    @usableFromInline @exclusivity(unchecked) internal var closed = 0
    @usableFromInline @exclusivity(unchecked) internal var freed = 0

    @inlinable
    internal init() {}

    @inlinable internal var retired: Int { closed &+ open.count }

    /// Stamps what is in the open bag.
    ///
    /// All of it was unlinked before: each item came here under the lock, after it was.
    @inlinable
    internal func closeBag(_ domain: EpochDomain) {
      guard !open.isEmpty else { return }
      closed &+= open.count
      bags.append(Bag(stamp: domain.stamp(), items: open))
      open = []
    }

    /// Everything that no reader can see any more.
    @inlinable
    internal func takeRipe(_ domain: EpochDomain) -> [Bag] {
      let ripe = bags.prefix { domain.isSafe($0.stamp) }
      bags.removeFirst(ripe.count)
      return Array(ripe)
    }
  }

  @usableFromInline internal let domain: EpochDomain
  @usableFromInline internal let stripes: [Stripe]
  /// What releasing an item takes beyond dropping the last reference to it.
  @usableFromInline internal let destroy: (@Sendable (Item) -> Void)?

  /// How many things go into a bag: closing it, the scan of the readers' slots and the system call
  /// are shared by that many.
  @inlinable
  internal static var patience: Int { 256 }

  @inlinable
  internal init(domain: EpochDomain = .shared, destroy: (@Sendable (Item) -> Void)? = nil) {
    self.domain = domain
    self.destroy = destroy
    stripes = (0..<Swift.min(16, ThreadStripe.recommendedCount)).map { _ in Stripe() }
  }

  deinit {
    guard let destroy else { return }
    for stripe in stripes {
      for bag in stripe.bags { bag.items.forEach(destroy) }
      stripe.open.forEach(destroy)
    }
  }

  /// Takes over `item`, which has been unlinked.
  ///
  /// May run the deinitialisers of other items: call it without locks.
  @inlinable
  internal func retire(_ item: consuming Item) {
    let stripe = stripes[ThreadStripe.current & (stripes.count &- 1)]
    stripe.lock.acquire()
    stripe.open.append(item)
    let isFull = stripe.open.count == Self.patience
    if _slowPath(isFull) {
      stripe.closeBag(domain)
      stripe.open.reserveCapacity(Self.patience)
    }
    stripe.lock.release()
    if _slowPath(isFull) {
      domain.advance()
      release(from: stripe)
    }
  }

  /// Releases what can be released now: with no reader about, everything.
  @inlinable
  internal func flush() {
    for stripe in stripes { stripe.lock.withLock { stripe.closeBag(domain) } }
    domain.advance()
    domain.advance()
    for stripe in stripes { release(from: stripe) }
  }

  @inlinable @inline(never)
  internal func release(from stripe: Stripe) {
    let ripe = stripe.lock.withLock { stripe.takeRipe(domain) }
    let count = ripe.reduce(0) { $0 &+ $1.items.count }
    // Outside the lock: a deinitialiser may come back here.
    if let destroy { for bag in ripe { bag.items.forEach(destroy) } }
    _ = consume ripe
    stripe.lock.withLock { stripe.freed &+= count }
  }

  /// How much has not been released yet.
  @inlinable
  internal var pendingCount: Int {
    stripes.reduce(0) { sum, stripe in
      sum &+ stripe.lock.withLock { stripe.retired &- stripe.freed }
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
