import TophashTaskOrder

/// What was tried by ``explore(_:schedules:seed:patience:sourceLocation:_:)``, and what that shows.
public struct Exploration: Sendable, CustomStringConvertible {
  /// How many schedules were run, without the plain order.
  public var schedules: Int
  /// How many of them were unlike any other one.
  public var different: Int
  /// Every schedule of so many switches out of the plain order, or fewer, was run; `nil` when that
  /// cannot be said.
  public var completeUpTo: Int?
  /// Whether every order of the body's tasks was run.
  public var isEverythingTried: Bool
  /// How likely one more schedule would have been a new one, from 0 to 1: the share of those that
  /// were seen once only (Good and Turing's estimate).
  public var unseen: Double
  /// The most tasks that one run had, the body's own among them.
  public var tasks: Int
  /// Runs in which something came from outside: from the main actor, a custom executor, a
  /// thread. Its order was not decided, and need not repeat.
  public var external: Int
  /// Runs that ended before what they had started.
  public var unfinished: Int

  /// Of a process whose order is decided from outside: nothing was tried here.
  static let ofProcess = Self(
    schedules: 0, different: 0, completeUpTo: nil, isEverythingTried: false, unseen: 1, tasks: 0,
    external: 0, unfinished: 0)
}

extension Exploration {
  init(_ result: TaskOrderSearch.Result) {
    schedules = result.runs
    different = result.distinct
    completeUpTo = result.external > 0 ? nil : result.completeUpTo
    isEverythingTried = result.external == 0 && result.isEverythingTried
    unseen = result.unseen
    tasks = result.tasks
    external = result.external
    unfinished = result.leftBehind
  }

  /// What was covered, and what was not.
  public var description: String {
    var parts = [
      "\(schedules) schedules of \(tasks == 1 ? "1 task" : "\(tasks) tasks"), \(different) different"
    ]
    if isEverythingTried {
      parts.append("every order was tried")
    } else {
      if let completeUpTo, completeUpTo > 0 {
        let switches = completeUpTo == 1 ? "one switch" : "up to \(completeUpTo) switches"
        parts.append("every schedule with \(switches) was tried")
      }
      parts.append("about \(Int((unseen * 100).rounded())) % of further ones would be new")
    }
    if external > 0 {
      parts.append(
        "in \(external) something came from outside (main actor, custom executor, thread),"
          + " whose order was not decided")
    }
    if unfinished > 0 {
      parts.append("\(unfinished) ended before tasks that the body had started")
    }
    return parts.joined(separator: "; ")
  }
}
