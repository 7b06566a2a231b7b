import CTophashThread

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Waits for another thread to finish something short: twice as long each time, then by giving up
/// the processor, then by sleeping.
@usableFromInline @frozen
internal struct Backoff {
  @usableFromInline internal var rounds: UInt32 = 0

  @inlinable
  internal init() {}

  @inlinable @inline(__always)
  internal mutating func wait() {
    rounds &+= 1
    Self.pause(rounds)
  }

  @usableFromInline @inline(never)
  internal static func pause(_ rounds: UInt32) {
    if rounds <= 6 {
      for _ in 0..<(1 << rounds) { tophash_spin_hint() }
    } else if rounds < 256 {
      sched_yield()
    } else {
      // The holder of a lock may have been preempted, and may run user code.
      usleep(100)
    }
  }
}
