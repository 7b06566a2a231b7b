import Glibc
import TophashReports

/// A started program. It has the runner's process group, terminal, working directory and
/// standard streams, so that nobody can tell that the runner stands between.
struct ChildProcess {
  let pid: pid_t

  /// Starts `path`.
  ///
  /// - Parameter signalMask: the signals that the program finds blocked: those that the runner
  ///   itself found. Signals that the runner ignores are none but those it found ignored, so
  ///   there is nothing else to undo.
  /// - Throws: 126 when the system will not run the file.
  init(
    path: String, arguments: [String], environment: [String], signalMask: sigset_t
  ) throws(ToolError) {
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var mask = signalMask
    posix_spawnattr_setsigmask(&attributes, &mask)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

    let failure: Int32
    (failure, pid) = withCStrings(arguments) { arguments in
      withCStrings(environment) { environment in
        var pid: pid_t = 0
        return (posix_spawn(&pid, path, nil, &attributes, arguments, environment), pid)
      }
    }
    guard failure == 0 else {
      throw .cannotStart(path, failure)
    }
  }

  /// The end of the process; `nil` while it runs. Asks without waiting.
  func end() -> ProcessEnd? {
    var status: Int32 = 0
    guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
    return ProcessEnd(waitStatus: status)
  }

  /// The signal that stopped the process; `nil` while it is not stopped.
  var stopSignal: Int32? {
    var info = siginfo_t()
    guard waitid(P_PID, id_t(pid), &info, WSTOPPED | WNOHANG | WNOWAIT) == 0,
      info._sifields._sigchld.si_pid == pid
    else { return nil }
    return info._sifields._sigchld.si_status
  }

  func send(_ signal: Int32) {
    kill(pid, signal)
  }
}
