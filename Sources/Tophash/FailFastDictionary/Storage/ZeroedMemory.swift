#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Raw memory that starts as zeros, which read as empty buckets.
///
/// Large blocks come straight from the kernel: nothing is touched before it is
/// used, so that no insertion pays for clearing an array, and parts can be
/// given back before the whole.
@usableFromInline
struct ZeroedMemory {
  @usableFromInline let start: UnsafeMutableRawPointer
  @usableFromInline let byteCount: Int
  @usableFromInline let isPaged: Bool

  @usableFromInline static let pagedThreshold = 1 << 20

  /// - Parameter isPaged: Whether it comes from the kernel. Decided by the size when it is not said.
  @usableFromInline
  init(byteCount: Int, alignment: Int, isPaged: Bool? = nil) {
    self.byteCount = byteCount
    self.isPaged = (isPaged ?? (byteCount >= Self.pagedThreshold)) && alignment <= 4096
    if self.isPaged {
      let pages = mmap(
        nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      guard let pages, pages != MAP_FAILED else { fatalError("out of memory") }
      start = pages
    } else {
      start = .allocate(byteCount: byteCount, alignment: alignment)
      memset(start, 0, byteCount)
    }
  }

  /// Gives back the pages that hold nothing else than what is between two
  /// offsets, or below them. They read as zeros afterwards.
  @usableFromInline
  func discard(from: Int, to: Int) {
    guard isPaged else { return }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let lower = from & ~(page - 1)
    let upper = to & ~(page - 1)
    guard lower < upper else { return }
    _ = madvise(start + lower, upper - lower, MADV_DONTNEED)
  }

  @usableFromInline
  func free() {
    if isPaged { munmap(start, byteCount) } else { start.deallocate() }
  }
}
