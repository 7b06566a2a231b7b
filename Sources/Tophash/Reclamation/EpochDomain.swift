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
/// Threads need not be registered, and may come and go: a pin claims a free slot by compare and
/// exchange, starting from the one with the thread's number. That is nearly always its own of last
/// time, in its own cache, and nobody else's while claimed. Pins may be nested.
@usableFromInline
internal final class EpochDomain: Sendable {
  /// The one domain of this process. Idle, it costs its slots.
  @usableFromInline internal static let shared = EpochDomain()

  @usableFromInline internal static let slotCount = 256

  /// Zero when free, else the reader's epoch.
  @usableFromInline internal let slots: PaddedCells

  /// From 1 on. Alone on its line: every pin reads it.
  @usableFromInline internal let cells: PaddedCells
  @inlinable internal var epochCell: UnsafeMutablePointer<Atomic<Int>> { cells[0] }

  /// Readers that found no free slot. While there are any, the epoch stands still.
  @inlinable internal var crowdCell: UnsafeMutablePointer<Atomic<Int>> { cells[1] }

  @usableFromInline
  internal init() {
    slots = PaddedCells(count: Self.slotCount)
    cells = PaddedCells(count: 2)
    epochCell.pointee.store(1, ordering: .relaxed)
  }

  deinit {
    slots.deallocate()
    cells.deallocate()
  }

  /// A reader's presence. Given back once, to the domain that made it.
  @usableFromInline @frozen
  internal struct Pin {
    @usableFromInline internal let slot: UnsafeMutablePointer<Atomic<Int>>
    @usableFromInline internal let isCrowd: Bool

    @inlinable @inline(__always)
    internal init(slot: UnsafeMutablePointer<Atomic<Int>>, isCrowd: Bool) {
      self.slot = slot
      self.isCrowd = isCrowd
    }
  }

  /// Between `pin()` and `unpin(_:)`, nothing that is reachable gets released. Never blocks.
  @inlinable @inline(__always)
  internal func pin() -> Pin {
    let slot = slots[ThreadStripe.current]
    // Acquiring: a reader that sees epoch e + 1 sees what was unlinked before it.
    let epoch = epochCell.pointee.load(ordering: .acquiring)
    // Sequentially consistent: before any load of shared memory, and in one order with the loads
    // in `advance()`.
    if _fastPath(
      slot.pointee.compareExchange(
        expected: 0, desired: epoch, ordering: .sequentiallyConsistent
      ).exchanged)
    {
      return Pin(slot: slot, isCrowd: false)
    }
    return pinElsewhere()
  }

  @usableFromInline @inline(never)
  internal func pinElsewhere() -> Pin {
    let first = ThreadStripe.current
    for step in 1..<Self.slotCount {
      let slot = slots[first &+ step]
      guard slot.pointee.load(ordering: .relaxed) == 0 else { continue }
      let epoch = epochCell.pointee.load(ordering: .acquiring)
      if slot.pointee.compareExchange(
        expected: 0, desired: epoch, ordering: .sequentiallyConsistent
      ).exchanged {
        return Pin(slot: slot, isCrowd: false)
      }
    }
    crowdCell.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
    return Pin(slot: crowdCell, isCrowd: true)
  }

  @inlinable @inline(__always)
  internal func unpin(_ pin: Pin) {
    if _fastPath(!pin.isCrowd) {
      // Releasing: the reader's last use comes before; pairs with the loads in `advance()`.
      pin.slot.pointee.store(0, ordering: .releasing)
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

  /// Moves to the next epoch if every pinned reader has seen this one.
  ///
  /// - Complexity: O(number of slots).
  @discardableResult
  @usableFromInline
  internal func advance() -> Bool {
    let epoch = epochCell.pointee.load(ordering: .sequentiallyConsistent)
    if crowdCell.pointee.load(ordering: .sequentiallyConsistent) != 0 { return false }
    for index in 0..<Self.slotCount {
      // Sequentially consistent: one order with the claims in `pin()`; acquires what `unpin(_:)`
      // released.
      let pinned = slots[index].pointee.load(ordering: .sequentiallyConsistent)
      if pinned != 0 && pinned != epoch { return false }
    }
    return epochCell.pointee.compareExchange(
      expected: epoch, desired: epoch + 1, ordering: .sequentiallyConsistent
    ).exchanged
  }
}
