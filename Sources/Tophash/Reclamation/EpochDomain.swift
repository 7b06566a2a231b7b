import CTophashThread
import Synchronization

/// Tells when memory that was unlinked can no longer be in use.
///
/// Epoch-based reclamation, after Fraser (*Practical lock-freedom*, Cambridge 2004, section 5.2.3).
///
/// - A reader is *pinned* while it looks at shared memory: it has written the current *epoch* to a
///   slot of its own.
/// - What a writer has unlinked is *retired*, stamped with the epoch read after unlinking.
/// - The epoch advances only when every pinned reader has written the current one.
/// - What was retired in epoch *e* may be released in epoch *e* + 2.
///
/// Why that is enough: a reader that can still reach something stamped *e* was pinned before it
/// was unlinked, with an epoch of at most *e*. The step from *e* + 1 to *e* + 2 looks at all slots
/// after the stamp was read, finds the reader there, and cannot be taken until it has left.
///
/// In the process's own domain, a thread keeps a slot from its first pin until it ends, and a pin is
/// a store. That the store comes before the reader's loads is seen to by `advance()`, which has the
/// system run a barrier on all threads between unlinking and looking at the slots: whichever comes
/// first in a reader, its store or that barrier, either the store is seen or the unlinking is.
///
/// Where that cannot be had, a pin pays for the barrier. Nested pins, pins in other domains, and
/// those of threads beyond the first `keptSlots` claim a free slot each time, by compare and
/// exchange.
@usableFromInline
internal final class EpochDomain: Sendable {
  /// The one domain of this process. Idle, it costs its slots.
  @usableFromInline internal static let shared = EpochDomain(isShared: true)

  @usableFromInline internal static let slotCount = 256
  @usableFromInline internal static let keptSlots = 192

  /// Zero when free, `idle` when kept by a thread, else the reader's epoch.
  @usableFromInline internal let slots: PaddedCells
  @inlinable internal static var idle: Int { 1 }

  @usableFromInline internal let isShared: Bool
  /// Whether `advance()` provides the readers' barrier.
  @usableFromInline internal let readersAreLight: Bool

  /// From 2 on. Alone on its line: every pin reads it.
  @usableFromInline internal let cells: PaddedCells
  @inlinable internal var epochCell: UnsafeMutablePointer<Atomic<Int>> { cells[0] }

  /// Readers that found no free slot. While there are any, the epoch stands still.
  @inlinable internal var crowdCell: UnsafeMutablePointer<Atomic<Int>> { cells[1] }

  @usableFromInline
  internal init(isShared: Bool = false) {
    self.isShared = isShared
    readersAreLight = isShared && tophash_reader_prepare()
    slots = PaddedCells(count: Self.slotCount)
    cells = PaddedCells(count: 2)
    epochCell.pointee.store(2, ordering: .relaxed)
  }

  deinit {
    slots.deallocate()
    cells.deallocate()
  }

  /// A reader's presence. Given back once, to the domain that made it.
  @usableFromInline @frozen
  internal struct Pin {
    @usableFromInline internal let slot: UnsafeMutablePointer<Atomic<Int>>
    /// What the slot returns to: free or idle; or -1 for one of a crowd.
    @usableFromInline internal let after: Int

    @inlinable @inline(__always)
    internal init(slot: UnsafeMutablePointer<Atomic<Int>>, after: Int) {
      self.slot = slot
      self.after = after
    }

    @inlinable @inline(__always)
    internal var isCrowd: Bool { after < 0 }
  }

  /// Between `pin()` and `unpin(_:)`, nothing that is reachable gets released. Never blocks.
  @inlinable @inline(__always)
  internal func pin() -> Pin {
    if _fastPath(readersAreLight), let own = tophash_reader_slot() {
      let slot = own.assumingMemoryBound(to: Atomic<Int>.self)
      // Relaxed: only this thread writes to it. Not idle means a pin within a pin.
      if _fastPath(slot.pointee.load(ordering: .relaxed) == Self.idle) {
        // Acquiring: a reader that sees epoch e + 1 sees what was unlinked before it.
        // Releasing: if `advance()` sees this, it also sees this thread's earlier reads done.
        slot.pointee.store(epochCell.pointee.load(ordering: .acquiring), ordering: .releasing)
        // Before any load of shared memory: see above.
        tophash_reader_fence()
        return Pin(slot: slot, after: Self.idle)
      }
    }
    return pinElsewhere()
  }

  @usableFromInline @inline(never)
  internal func pinElsewhere() -> Pin {
    if readersAreLight && tophash_reader_slot() == nil && keepSlot() { return pin() }
    let first = ThreadStripe.current
    for step in 0..<Self.slotCount {
      let slot = slots[first &+ step]
      guard slot.pointee.load(ordering: .relaxed) == 0 else { continue }
      let epoch = epochCell.pointee.load(ordering: .acquiring)
      // Sequentially consistent: before any load of shared memory, and in one order with the loads
      // in `advance()`.
      if slot.pointee.compareExchange(
        expected: 0, desired: epoch, ordering: .sequentiallyConsistent
      ).exchanged {
        return Pin(slot: slot, after: 0)
      }
    }
    crowdCell.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
    return Pin(slot: crowdCell, after: -1)
  }

  /// Keeps a slot for this thread, until it ends. Of this domain alone, which is never destroyed.
  private func keepSlot() -> Bool {
    for index in 0..<Self.keptSlots {
      let slot = slots[index]
      guard slot.pointee.load(ordering: .relaxed) == 0 else { continue }
      if slot.pointee.compareExchange(
        expected: 0, desired: Self.idle, ordering: .acquiringAndReleasing
      ).exchanged {
        tophash_reader_keep(slot) { slot in
          slot?.assumingMemoryBound(to: Atomic<Int>.self).pointee.store(0, ordering: .releasing)
        }
        return tophash_reader_slot() != nil
      }
    }
    return false
  }

  @inlinable @inline(__always)
  internal func unpin(_ pin: Pin) {
    if _fastPath(!pin.isCrowd) {
      // Releasing: the reader's last use comes before; pairs with the loads in `advance()`.
      pin.slot.pointee.store(pin.after, ordering: .releasing)
    } else {
      pin.slot.pointee.wrappingSubtract(1, ordering: .releasing)
    }
  }

  /// The stamp for what has just been unlinked.
  @inlinable
  internal func stamp() -> Int {
    // The fence: unlinking comes before the load, also where the unlinking store was a plain one.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    return epochCell.pointee.load(ordering: .sequentiallyConsistent)
  }

  /// Whether something stamped so may be released now.
  @inlinable
  internal func isSafe(_ stamp: Int) -> Bool {
    // Acquiring: pairs with the exchange in `advance()`; all readers' last uses come before.
    epochCell.pointee.load(ordering: .acquiring) >= stamp &+ 2
  }

  /// How many epochs behind the reader is that was pinned first; 0 when nobody reads.
  ///
  /// - Complexity: O(number of slots).
  @usableFromInline
  internal var oldestReader: Int {
    // Relaxed: a figure for people, of readers that come and go meanwhile.
    let epoch = epochCell.pointee.load(ordering: .relaxed)
    return (0..<Self.slotCount).reduce(0) { lag, index in
      let pinned = slots[index].pointee.load(ordering: .relaxed)
      return pinned > Self.idle ? Swift.max(lag, epoch - pinned) : lag
    }
  }

  /// Moves to the next epoch if every pinned reader has seen this one.
  ///
  /// - Complexity: O(number of slots).
  @discardableResult
  @usableFromInline
  internal func advance() -> Bool {
    let epoch = epochCell.pointee.load(ordering: .sequentiallyConsistent)
    // Without the barrier, a reader's store may not be seen: rather nothing is ever released.
    if readersAreLight && !tophash_reader_barrier() { return false }
    if crowdCell.pointee.load(ordering: .sequentiallyConsistent) != 0 { return false }
    for index in 0..<Self.slotCount {
      // Sequentially consistent: one order with the claims in `pin()`; acquires what `unpin(_:)`
      // released.
      let pinned = slots[index].pointee.load(ordering: .sequentiallyConsistent)
      if pinned > Self.idle && pinned != epoch { return false }
    }
    return epochCell.pointee.compareExchange(
      expected: epoch, desired: epoch + 1, ordering: .sequentiallyConsistent
    ).exchanged
  }
}
