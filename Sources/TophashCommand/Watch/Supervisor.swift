import Glibc
import TophashFindings
import TophashReports

/// Stays with the program until it ends: hands on signals, and tells of conflicts as they come.
struct Supervisor {
  let child: ChildProcess
  let inbox: SignalInbox
  let console: Console
  let haltsOnFinding: Bool
  private var watcher: SessionWatcher?
  private var announced: Set<String> = []

  /// - Parameter directory: Where the program's conflicts come; `nil` for a program that is not
  ///   checked.
  init(
    child: ChildProcess, inbox: SignalInbox, directory: SessionDirectory? = nil, console: Console,
    haltsOnFinding: Bool = false
  ) {
    self.child = child
    self.inbox = inbox
    self.console = console
    self.haltsOnFinding = haltsOnFinding
    watcher = directory.map(SessionWatcher.init)
  }

  /// Milliseconds between two looks. A process that waits for a verdict is not kept waiting.
  lazy var interval = haltsOnFinding ? 20 : 200
  /// Those of some findings that nobody has suppressed.
  var open: ([Finding]) -> [Finding] = { $0 }
  /// A signal that is for the runner itself: it is not handed on.
  var ownSignal: Int32?
  /// Called at each look, and when the runner's own signal comes.
  var pulse: (Occasion) -> Void = { _ in }

  /// Why somebody looks at the program while it runs.
  enum Occasion {
    case time
    /// Something was found since the last time.
    case finding
    case signal
  }

  /// Waits for the end of the program.
  mutating func superviseToEnd() -> ProcessEnd {
    while true {
      if let letter = inbox.next(within: interval) {
        if letter.signal == ownSignal {
          pulse(.signal)
        } else if SignalInbox.isForwarded(letter) {
          child.send(letter.signal)
        }
        // Whoever waits for the runner sees it stop when the program does.
        if letter.signal == SIGCHLD, let signal = child.stopSignal { inbox.stop(by: signal) }
      } else {
        look()
      }
      if let end = child.end() { return end }
    }
  }

  private mutating func look() {
    let before = announced.count
    defer { pulse(announced.count > before ? .finding : .time) }
    // Candidates can wait until the end, and stop nothing.
    let news = (watcher?.look() ?? []).filter { $0.conflict.grade == .caught }
    for news in Dictionary(grouping: news, by: \.file).values {
      let findings = findings(of: news)
      for finding in findings where announced.insert(finding.variable.qualifiedName).inserted {
        console.say(
          "race (caught) in \(finding.variable.spoken) — reported in full when the program ends")
      }
      if haltsOnFinding { judge(news, isRace: !findings.isEmpty) }
    }
  }

  /// What is to be said of new conflicts of one process: no locks, and nothing that is suppressed.
  private func findings(of news: [SessionWatcher.News]) -> [Finding] {
    guard var process = news.first?.process, !process.header.isToolchain else { return [] }
    process.conflicts = news.map(\.conflict)
    var judge = Judge()
    judge.add(process, interpreter: SymbolInterpreter(images: process.images, tool: nil))
    return open(judge.report)
  }

  /// A process waits in each of its conflicts: lets it go on from what is no finding, and ends it
  /// in a race, while both accesses are still open.
  private func judge(_ news: [SessionWatcher.News], isRace: Bool) {
    if isRace {
      for news in news.prefix(1) { kill(news.process.header.pid, SIGKILL) }
      child.send(SIGKILL)
      return
    }
    let goOn: UInt32 = 1
    for news in news {
      watcher?.directory.write(
        verdict: goOn,
        at: Conflict.verdictOffset(slot: news.conflict.slot, in: news.process.header),
        of: news.file)
    }
  }
}
