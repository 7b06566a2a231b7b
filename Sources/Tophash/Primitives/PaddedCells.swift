import Synchronization

/// Atomic integers, each alone on its cache line, so that writers of one do not slow another's.
///
/// Its owner calls `deallocate()`.
///
/// `@unchecked Sendable`: the pointer never changes, and what it points to is atomic.
@usableFromInline @frozen
internal struct PaddedCells: @unchecked Sendable {
  @usableFromInline internal let base: UnsafeMutableRawPointer
  /// A power of two.
  @usableFromInline internal let count: Int

  /// Cells of zero.
  @inlinable
  internal init(count: Int) {
    precondition(count > 0 && count & (count - 1) == 0)
    self.count = count
    base = .allocate(byteCount: count * CacheLine.padding, alignment: CacheLine.padding)
    for index in 0..<count {
      (base + index * CacheLine.padding).bindMemory(to: Atomic<Int>.self, capacity: 1)
        .initialize(to: Atomic(0))
    }
  }

  @inlinable @inline(__always)
  internal subscript(index: Int) -> UnsafeMutablePointer<Atomic<Int>> {
    (base + (index & (count &- 1)) &* CacheLine.padding).assumingMemoryBound(to: Atomic<Int>.self)
  }

  @inlinable
  internal func deallocate() {
    base.deallocate()
  }
}
