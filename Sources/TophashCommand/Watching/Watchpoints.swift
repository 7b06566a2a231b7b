import CTophashWatchpoint
import Glibc

/// Whether this user may have hardware watchpoints on this machine.
enum Watchpoints {
  /// The system's error number; `nil` when there are some to be had.
  static var refusal: Int32? {
    let descriptor = tophash_watchpoint_open()
    guard descriptor >= 0 else { return -descriptor }
    close(descriptor)
    return nil
  }

  /// What an error number means here, and what can be done.
  static func words(_ error: Int32) -> (cause: String, remedy: String) {
    switch error {
    case EACCES, EPERM:
      (
        "the system forbids hardware watchpoints (perf_event_open: \(reason(error)))",
        "set kernel.perf_event_paranoid to 2, and allow perf_event_open in a container"
      )
    case ENOSPC:
      (
        "all of the processor's watchpoints are taken",
        "end the debugger that has them, or name fewer variables"
      )
    default:
      (
        "this machine has no hardware watchpoints (perf_event_open: \(reason(error)))",
        "use --method software"
      )
    }
  }
}
