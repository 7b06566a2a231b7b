import Synchronization

/// A sum that many threads add to, after Lea's `LongAdder`: one cell per stripe of threads.
///
/// Its owner calls `deallocate()`.
@usableFromInline @frozen
internal struct StripedCounter: Sendable {
  @usableFromInline internal let cells: PaddedCells

  @inlinable
  internal init() {
    cells = PaddedCells(count: ThreadStripe.recommendedCount)
  }

  @inlinable @inline(__always)
  internal func add(_ amount: Int) {
    // Relaxed: a sum of its own; nothing is published through it.
    cells[ThreadStripe.current].pointee.wrappingAdd(amount, ordering: .relaxed)
  }

  /// The sum of all additions that happened before; of those that overlap, some.
  @inlinable
  internal var sum: Int {
    var sum = 0
    for index in 0..<cells.count {
      sum &+= cells[index].pointee.load(ordering: .relaxed)
    }
    return sum
  }

  @inlinable
  internal func deallocate() {
    cells.deallocate()
  }
}
