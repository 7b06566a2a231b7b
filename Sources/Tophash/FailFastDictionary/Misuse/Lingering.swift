import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// When a dictionary is changed by another thread than the one that changed it
/// last, or made it, it is a good moment to see whether the two are at it
/// together: the change is held open for a moment. With a lock around every
/// access nobody comes, and all it costs is that moment.
@usableFromInline
enum Lingering {
  static let budget = LingeringBudget()

  /// Microseconds: many times an operation, and long enough for a thread that
  /// waits for a processor to get this one's.
  private static let moment: UInt32 = 50

  @usableFromInline @inline(never)
  static func linger() {
    let start = now
    guard budget.takes(at: start) else { return }
    usleep(moment)
    budget.spent(now - start, at: now)
  }

  /// Nanoseconds of a clock that only goes forward.
  private static var now: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

/// Sees to it that a process lingers at most a hundredth of its time.
final class LingeringBudget: Sendable {
  // Relaxed: the number is all there is to say, and being late by one is harmless.
  private let next = Atomic<UInt64>(0)
  let isOn = Atomic(true)

  /// Whether one may linger now. One at a time: nobody else may before `spent` is called.
  func takes(at time: UInt64) -> Bool {
    let allowed = next.load(ordering: .relaxed)
    guard time >= allowed, isOn.load(ordering: .relaxed) else { return false }
    return next.compareExchange(expected: allowed, desired: .max, ordering: .relaxed).exchanged
  }

  func spent(_ duration: UInt64, at time: UInt64) {
    next.store(time &+ 100 &* duration, ordering: .relaxed)
  }
}

extension DictionaryMisuse {
  /// Whether a change may be held open for some 50 microseconds when the
  /// previous one was another thread's, to see whether that thread is still at
  /// it. True unless you choose otherwise.
  ///
  /// It makes most misuses show in the first run instead of some later one.
  /// All dictionaries of a process together take at most a hundredth of its time for it.
  public static var lingers: Bool {
    get { Lingering.budget.isOn.load(ordering: .relaxed) }
    set { Lingering.budget.isOn.store(newValue, ordering: .relaxed) }
  }
}
