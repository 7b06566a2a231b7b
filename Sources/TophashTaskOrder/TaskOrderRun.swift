import TophashSearch

/// What became of a body that ran in one order of its tasks.
package struct TaskOrderRun: Sendable {
  /// How it came to its end.
  package enum End: Sendable {
    /// The body returned, and nothing that it started was left to do.
    case returned
    case threw(any Error)
    /// It went on beyond the limit of steps.
    case endless
    /// The body waits, no task can go on, and nothing outside woke one for as long as was waited.
    case stuck
    /// There were more tasks than can be told apart.
    case tooManyTasks

    /// Whether the body is still on its way, out of control.
    package var isLost: Bool {
      switch self {
      case .stuck: true
      case .returned, .threw, .endless, .tooManyTasks: false
      }
    }
  }

  package var end = End.returned
  package var steps = 0
  package var switches = 0
  package var tasks = 0
  /// The task that made the last step.
  package var lastTask = 0
  /// Of all that was done, in order.
  package var hash: UInt64 = 0
  package var choices: [Choice] = []
  package var crossroads: [Crossroads] = []
  /// Whether `crossroads` are all places at which others could have gone on.
  package var hasAllCrossroads = true
  /// Choices to follow that were not possible.
  package var drift = 0
  /// Jobs that came from other threads: their order was not decided here.
  package var external = 0
  /// Jobs that were left when the body had returned, or the run was given up.
  package var leftBehind = 0
  /// What each task was about to do at each step. Only kept on request.
  package var events: [Event] = []

  package struct Event: Hashable, Sendable {
    /// From 0, the body's own, in order of appearance.
    package var task: Int
    package var ownStep: Int
    package var move: Move
    /// The function that it goes on in.
    package var function: UInt64
  }

  /// What a task does when it goes on.
  package enum Move: Sendable {
    case begins, resumes, hops, yields, wakes
  }

  /// Whether every switch was decided, and so will be again.
  package var isFullyControlled: Bool { external == 0 }
}
