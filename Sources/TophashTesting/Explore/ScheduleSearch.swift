import TophashSearch

/// How ``explore(_:schedules:seed:patience:sourceLocation:_:)`` chooses the orders that it tries.
public struct ScheduleSearch: Sendable, Hashable {
  let scheduler: Scheduler?

  /// All of the others in turn, without those whose schedules repeat. No single one finds
  /// everything; begin with this.
  public static let portfolio = Self(scheduler: nil)

  /// Any task that can go on, with equal chances.
  public static let random = Self(scheduler: .random)

  /// The task whose next step has the highest of random priorities, drawn anew for each step
  /// (partial order sampling).
  public static let pos = Self(scheduler: .pos)

  /// The same, where new tasks wait until those before them cannot go on: for bodies that start
  /// several tasks and wait for them.
  public static let posLate = Self(scheduler: .posLate)

  /// The task with the highest of random priorities, of which a few are lowered on the way
  /// (probabilistic concurrency testing): for long bodies.
  public static let pct = Self(scheduler: .pct)

  /// As ``posLate``, where tasks that are about to go on at the same place are one choice: that
  /// many are alike hides the odd one no longer.
  public static let alike = Self(scheduler: .alike)

  /// The same task, but one time in ten any.
  public static let sticky = Self(scheduler: .sticky)

  /// Every schedule with one switch, then every one with two, and so on, until all are tried.
  public static let bounded = Self(scheduler: .bounded)
}
