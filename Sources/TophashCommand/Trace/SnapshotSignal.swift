import Glibc

/// The signal that asks for a snapshot of the timeline.
enum SnapshotSignal {
  static let number = SIGUSR2

  /// Whether it came since the last time. It is blocked, as all signals of the inbox are, and is
  /// fetched here before the inbox would hand it on to the program.
  static func came() -> Bool {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, number)
    var now = timespec()
    return sigtimedwait(&set, nil, &now) == number
  }
}
