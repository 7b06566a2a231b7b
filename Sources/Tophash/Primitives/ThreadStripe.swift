import CTophashThread

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Spreads threads over stripes.
///
/// Threads are numbered one after the other, so that the first ones have a stripe each. Two
/// threads may share a stripe: it must be correct when shared, and only fast when not.
@usableFromInline
internal enum ThreadStripe {
  @inlinable @inline(__always)
  internal static var current: Int {
    Int(truncatingIfNeeded: tophash_thread_number())
  }

  /// Enough stripes for this machine: the power of two that is at least twice its processors.
  @usableFromInline
  internal static let recommendedCount: Int = {
    let processors = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    var count = 2
    while count < 2 * processors && count < 64 { count *= 2 }
    return count
  }()
}
