import CTophashSchedule
import Glibc
import TophashReports

/// How a run failed.
package enum Failure: Hashable, Sendable {
  case crashed(signal: Int32)
  case exited(Int32)
  /// No thread could go on, and nothing outside could have changed that.
  case deadlock
  /// It did not end within the limit of steps.
  case livelock
  /// Two accesses to one variable were open at one moment.
  case overlap

  /// `nil` for a run that ended well, and for one that proves nothing.
  package init?(_ account: Account, allowsOverlaps: Bool = false) {
    if !allowsOverlaps, !account.overlaps.isEmpty {
      self = .overlap
      return
    }
    switch account.end {
    case .deadlock where account.isFullyControlled: self = .deadlock
    case .steps: self = .livelock
    case .program:
      switch account.process {
      case .signalled(let signal): self = .crashed(signal: signal)
      case .exited(let status) where status != 0: self = .exited(status)
      default: return nil
      }
    case .deadlock, .limit, .stalled, .replaced: return nil
    }
  }

  /// A word for programs.
  package var kind: String {
    switch self {
    case .crashed: "crash"
    case .exited: "exit"
    case .deadlock: "deadlock"
    case .livelock: "livelock"
    case .overlap: "overlap"
    }
  }

  /// One line for people.
  package var words: String {
    switch self {
    case .crashed(let signal): "crash: \(Self.name(of: signal))"
    case .exited(let status): "exit status \(status)"
    case .deadlock: "deadlock: no thread can go on"
    case .livelock: "livelock: it does not end"
    case .overlap: "race: two accesses to one variable at the same moment"
    }
  }

  private static func name(of signal: Int32) -> String {
    switch signal {
    case SIGILL, SIGTRAP: "trapped (signal \(signal))"
    case SIGSEGV: "bad memory access (signal \(signal))"
    case SIGBUS: "bad memory access (signal \(signal))"
    case SIGABRT: "aborted (signal \(signal))"
    case SIGFPE: "arithmetic error (signal \(signal))"
    default: "ended by signal \(signal)"
    }
  }
}
