import Glibc

/// A shop that does what its arguments say, one after the other.
@main
enum Shop {
  static func main() {
    for argument in CommandLine.arguments.dropFirst() {
      let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
      switch (parts.first, parts.last) {
      case ("race", _): race()
      case ("say", let words?): say(words)
      case ("complain", let words?): fputs(words + "\n", stderr)
      case ("copy", _):
        while let line = readLine(strippingNewline: false) { print(line, terminator: "") }
      case ("await", _): awaitSignal()
      case ("stop", _): raise(SIGSTOP)
      case ("pause", _):
        say("ready")
        while true { pause() }
      case ("terminals", _): say("\(isatty(0)) \(isatty(1)) \(isatty(2))")
      case ("trap", _): fatalError("as was asked")
      case ("raise", let signal?): raise(Int32(signal)!)
      case ("leave", let status?): _exit(Int32(status)!)
      case ("exit", let status?): exit(Int32(status)!)
      default: say("[\(argument)]")
      }
    }
  }

  /// Two modifications that surely overlap: one thread keeps its own open until the other is done.
  static func race() {
    let inventory = Inventory()
    let (counting, added) = (Semaphore(), Semaphore())
    let audit = Thread("audit") {
      inventory.count {
        counting.post()
        added.wait()
      }
    }
    let restock = Thread("restock") {
      counting.wait()
      inventory.add("bolts")
      added.post()
    }
    audit.join()
    restock.join()
  }

  /// Waits for one of the signals that the runner hands on, and tells which one came.
  static func awaitSignal() {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCONT, SIGWINCH] {
      sigaddset(&set, signal)
    }
    sigprocmask(SIG_BLOCK, &set, nil)
    say("ready")
    var signal: Int32 = 0
    sigwait(&set, &signal)
    say("signal \(signal)")
  }

  static func say(_ words: String) {
    print(words)
    fflush(stdout)
  }
}
