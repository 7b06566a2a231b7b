import Glibc

/// The signals that reach the runner while the program runs.
///
/// They are blocked and fetched one by one, in place of handlers: nothing of the runner runs in
/// signal context, and a signal that arrives before the program has started waits for it. Stop
/// signals are among them: the program may have to tidy the terminal up before it stops, and the
/// runner follows it then.
struct SignalInbox {
  /// What came.
  struct Letter: Equatable {
    var signal: Int32
    /// True when another process sent it to the runner alone, so far as can be told. A key
    /// press or a closed terminal reaches the program too, as a member of the same group.
    var isAddressedToRunner: Bool
  }

  /// The mask that the runner found, for the program.
  let originalMask: sigset_t
  private let awaited: sigset_t

  /// Blocks the signals, from now to the end of the runner.
  init() {
    // Without this, a child's status would be lost where the caller ignores its own children.
    signal(SIGCHLD, SIG_DFL)
    var set = sigset_t()
    sigemptyset(&set)
    for signal in Self.signals { sigaddset(&set, signal) }
    var original = sigset_t()
    pthread_sigmask(SIG_BLOCK, &set, &original)
    awaited = set
    originalMask = original
  }

  /// The next signal, or `nil` after `milliseconds` without one.
  func next(within milliseconds: Int) -> Letter? {
    var set = awaited
    var info = siginfo_t()
    var limit = timespec(
      tv_sec: milliseconds / 1000, tv_nsec: milliseconds % 1000 * 1_000_000)
    let signal = sigtimedwait(&set, &info, &limit)
    guard signal > 0 else { return nil }
    return Letter(signal: signal, isAddressedToRunner: info.si_code <= 0)
  }

  /// Stops this process by `signal`, and comes back when it is continued.
  ///
  /// Does nothing where the system lets nobody stop by a key press, as nobody could continue it.
  func stop(by signal: Int32) {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, signal)
    raise(signal)
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
    pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// `SIGPIPE` is among them so that a reader who went away becomes an error of `write`.
  private static let signals: [Int32] =
    [
      SIGCHLD, SIGINT, SIGQUIT, SIGHUP, SIGTERM, SIGUSR1, SIGUSR2, SIGCONT, SIGWINCH, SIGALRM,
      SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU,
    ] + Array(34...64)

  /// Whether a signal that came to the runner is the program's business.
  static func isForwarded(_ letter: Letter) -> Bool {
    letter.isAddressedToRunner && letter.signal != SIGCHLD && letter.signal != SIGPIPE
  }
}
