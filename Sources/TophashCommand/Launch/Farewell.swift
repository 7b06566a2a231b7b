import Glibc
import TophashReports

/// Ends the runner as the program ended.
enum Farewell {
  /// Dies by `signal`, so that a shell, `timeout` or a CI runner sees what it would have seen
  /// without `tophash`. No second core file is written.
  static func die(by signal: Int32) -> Never {
    // A limit of one byte also stops a core that would go to a program; a limit of 0 does not.
    var limit = rlimit(rlim_cur: 1, rlim_max: 1)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    Glibc.signal(signal, SIG_DFL)
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, signal)
    raise(signal)
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
    // Signals that do not end a process do not end the program either; not reached in practice.
    exit(128 + signal)
  }

  static func leave(as end: ProcessEnd) -> Never {
    switch end {
    case .exited(let status): exit(status)
    case .signalled(let signal): die(by: signal)
    }
  }
}
