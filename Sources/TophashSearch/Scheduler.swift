import CTophashSchedule

/// A way to decide who runs next.
package enum Scheduler: String, CaseIterable, Sendable {
  /// Any thread that can go on, with equal chances.
  case random
  /// The highest of random priorities that belong to operations (partial order sampling).
  case pos
  /// The same, where new threads wait until those before them cannot go on.
  case posLate = "pos-late"
  /// The highest of random priorities that belong to threads, lowered at a few random steps
  /// (probabilistic concurrency testing).
  case pct
  /// As `pos`, where threads that are about to do the same at the same place are one choice.
  case alike
  /// As `posLate`, where whoever has taken a lock goes behind all others.
  case hold
  /// The same thread, but one time in ten any.
  case sticky
  /// None that draws: every schedule with one switch, then every one with two, and so on.
  case bounded

  /// For the library that decides.
  package var policy: UInt32 {
    switch self {
    case .random: TOPHASH_POLICY_RANDOM.rawValue
    case .pos: TOPHASH_POLICY_POS.rawValue
    case .posLate: TOPHASH_POLICY_POS_LATE.rawValue
    case .pct: TOPHASH_POLICY_PCT.rawValue
    case .alike: TOPHASH_POLICY_ALIKE.rawValue
    case .hold: TOPHASH_POLICY_HOLD.rawValue
    case .sticky: TOPHASH_POLICY_STICKY.rawValue
    case .bounded: TOPHASH_POLICY_DEFAULT.rawValue
    }
  }
}
