import TophashFindings
import TophashSymbols

/// The JSON form of a report. A change of it that could break a reader changes `schema`.
struct JSONReport: Encodable {
  struct Tool: Encodable {
    var name = "tophash"
    var version = toolVersion
  }

  struct Run: Encodable {
    var command: [String]
    var seed: UInt64
    var options: [String]
    var `repeat`: String
    /// One of both is there.
    var exitStatus: Int32?
    var signal: Int32?

    init(_ report: Report) {
      command = report.command
      seed = report.seed
      options = report.options
      `repeat` = report.repeatCommand
      switch report.end {
      case .exited(let status): exitStatus = status
      case .signalled(let number): signal = number
      }
    }
  }

  var schema = "tophash-report/1"
  var tool = Tool()
  var run: Run
  var findings: [JSONFinding]
  var processes: [JSONProcess]
  var coverage: JSONCoverage
  var lockConflicts: Int
  var possiblyOrdered: Int
  var orderedByInference: Int

  init(_ report: Report, _ paths: Paths) {
    run = Run(report)
    findings = report.findings.map { JSONFinding($0, paths) }
    processes = report.session.subjects.map(JSONProcess.init)
    coverage = JSONCoverage(report.coverage)
    lockConflicts = report.lockConflicts
    possiblyOrdered = report.possiblyOrdered
    orderedByInference = report.orderedByInference
  }
}

/// A finding in JSON.
struct JSONFinding: Encodable {
  struct Variable: Encodable {
    var kind: TophashSymbols.Variable.Kind
    var module: String?
    var name: String
    var type: String?
    var qualifiedType: String?
  }

  struct Place: Encodable {
    var pid: Int32
    var program: String
  }

  /// What was done to make the two sides of a candidate meet.
  struct Tried: Encodable {
    var holds: UInt64
    var heldNanoseconds: UInt64
    var delays: UInt64

    init(_ tried: TophashFindings.Tried) {
      holds = tried.holds
      heldNanoseconds = tried.heldNanoseconds
      delays = tried.delays
    }
  }

  var fingerprint: String
  var grade: Grade
  var message: String
  var variable: Variable
  var sides: [JSONSide]
  var tried: Tried?
  var occurrences: UInt64
  var processes: [Place]
  var consequence: String
  var advice: [String]

  init(_ finding: Finding, _ paths: Paths) {
    fingerprint = finding.fingerprint.description
    grade = finding.grade
    message = finding.headline
    variable = Variable(
      kind: finding.variable.kind, module: finding.variable.module, name: finding.variable.name,
      type: finding.variable.type, qualifiedType: finding.variable.qualifiedType)
    sides = finding.sides.map { JSONSide($0, paths) }
    tried = finding.tried.map(Tried.init)
    occurrences = finding.occurrences
    processes = finding.processes.map {
      Place(pid: $0.pid, program: paths.relative($0.program))
    }
    consequence = finding.consequence
    advice = finding.advice
  }
}

/// One access of a finding in JSON.
struct JSONSide: Encodable {
  struct Owner: Encodable {
    var kind: String
    var id: UInt64?
    var name: String?
    var description: String

    init(_ owner: TophashFindings.Owner) {
      description = owner.description
      switch owner {
      case .task(let id, let name): (kind, self.id, self.name) = ("task", id, name)
      case .workItem(let queue): (kind, id, name) = ("workItem", nil, queue)
      case .thread(let id, let name, _):
        (kind, self.id, self.name) = ("thread", UInt64(clamping: id), name)
      }
    }
  }

  struct Thread: Encodable {
    var id: Int32
    var name: String?
  }

  var operation: Side.Operation
  var owner: Owner
  var thread: Thread
  var queue: String?
  var site: JSONFrame?
  var stack: [JSONFrame]
  var awaitedBy: [JSONFrame]
  var isHeld: Bool
  var isSuspended: Bool
  var hasExactStack: Bool

  init(_ side: Side, _ paths: Paths) {
    operation = side.operation
    owner = Owner(side.owner)
    thread = Thread(id: side.threadID, name: side.threadName)
    queue = side.queue
    site = side.site.map { JSONFrame($0, paths) }
    stack = side.stack.map { JSONFrame($0, paths) }
    awaitedBy = side.awaitedBy.map { JSONFrame($0, paths) }
    isHeld = side.isHeld
    isSuspended = side.isSuspended
    hasExactStack = side.hasExactStack
  }
}

/// A stack frame in JSON.
struct JSONFrame: Encodable {
  struct Location: Encodable {
    var file: String
    var line: Int
    var column: Int?
    var isNearest: Bool
    var isCaller: Bool
  }

  var function: String
  var symbol: String?
  var module: String?
  var image: String?
  /// Hexadecimal, as JSON's numbers need not hold 64 bits.
  var offset: String
  var location: Location?
  var isInlined: Bool
  var isRuntime: Bool
  var isMerged: Bool

  init(_ frame: Frame, _ paths: Paths) {
    function = frame.function
    symbol = frame.symbol
    module = frame.module
    image = frame.image.map(paths.relative)
    offset = "0x" + String(frame.offset, radix: 16)
    location = frame.location.map {
      Location(
        file: paths.relative($0.file), line: $0.line, column: $0.column > 0 ? $0.column : nil,
        isNearest: $0.precision == .nearest, isCaller: $0.precision == .caller)
    }
    isInlined = frame.isInlined
    isRuntime = frame.isRuntime
    isMerged = frame.isMerged
  }
}
