import Glibc
import TophashReports

/// A debugger that runs a program under control, to the failure and not past it.
struct Debugger {
  enum Kind: String, CaseIterable {
    case gdb, lldb
  }

  /// Names the one to use.
  static let variable = "TOPHASH_DEBUGGER"

  var kind: Kind
  var path: String

  /// The one that the user has named, else the first along `PATH`; `nil` for none.
  ///
  /// - Throws: 64, 126 or 127 when the named one is no debugger, or cannot be run.
  static func find(in environment: [String: String]) throws(ToolError) -> Debugger? {
    let lookup = ProgramLookup(path: environment["PATH"] ?? "")
    if let name = environment[variable], !name.isEmpty {
      let file = name.split(separator: "/").last.map(String.init) ?? name
      guard let kind = Kind.allCases.first(where: { file.hasPrefix($0.rawValue) }) else {
        throw ToolError(
          what: "\(variable) names '\(name)', which is neither gdb nor lldb",
          remedy: "correct or unset it", code: .usage)
      }
      return Debugger(kind: kind, path: try lookup.find(name))
    }
    for kind in Kind.allCases {
      if let path = try? lookup.find(kind.rawValue) { return Debugger(kind: kind, path: path) }
    }
    return nil
  }

  /// What to do with a debugger that is not known here.
  static func instructions(_ program: [String], _ control: [String: String]) -> [String] {
    let variables = control.map { "\($0.key)=\($0.value)" }.sorted()
    return [
      "there is no gdb or lldb along PATH; with another debugger, start the program so:",
      "  " + ShellWords.joined(["env"] + variables + program),
      "without addresses at random, with SIGSEGV passed on, and with breakpoints at tophash_crashed"
        + " and tophash_finish",
    ]
  }

  /// The debugger's command for a program with these variables in its environment.
  ///
  /// It stops in the program's `main`, and where no thread can go on.
  func command(_ program: [String], _ control: [String: String]) -> [String] {
    let variables = control.map { ShellWords.joined(["\($0.key)=\($0.value)"]) }.sorted()
      .joined(separator: " ")
    switch kind {
    case .gdb:
      let orders = [
        "set breakpoint pending on", "set disable-randomization on",
        // The library's points at locked instructions; a bad access of the program is told by
        // `tophash_crashed`.
        "handle SIGSEGV nostop noprint pass",
        // For the program alone: the shell that starts it is to run free.
        "set exec-wrapper env \(variables)",
        "break tophash_finish", "break tophash_crashed", "tbreak main", "run < /dev/null",
      ]
      return [path, "-q"] + orders.flatMap { ["-ex", $0] } + ["--args"] + program
    case .lldb:
      let orders = [
        "settings set target.disable-aslr true", "settings set target.env-vars \(variables)",
        "breakpoint set --name tophash_finish", "breakpoint set --name tophash_crashed",
        "breakpoint set --name main --one-shot true", "process launch --stdin /dev/null",
        "process handle SIGSEGV --stop false --pass true --notify false",
      ]
      return [path] + orders.flatMap { ["-o", $0] } + ["--"] + program
    }
  }

  /// Runs it with this terminal, and waits for its end.
  static func run(_ command: [String], environment: [String: String]) throws(ToolError) {
    // Ctrl-C is meant for the debugger.
    signal(SIGINT, SIG_IGN)
    defer { signal(SIGINT, SIG_DFL) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var defaults = sigset_t()
    sigemptyset(&defaults)
    sigaddset(&defaults, SIGINT)
    sigaddset(&defaults, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
    var process: pid_t = 0
    let failure = withCStrings(command) { arguments in
      withCStrings(environment.map { "\($0.key)=\($0.value)" }) { environment in
        posix_spawn(&process, command[0], nil, &attributes, arguments, environment)
      }
    }
    guard failure == 0 else { throw .cannotStart(command[0], failure) }
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
  }
}
