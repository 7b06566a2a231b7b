import TophashFindings
import TophashSymbols

/// A finding in JSON.
struct JSONFinding: Codable {
  struct Variable: Codable {
    var kind: TophashSymbols.Variable.Kind
    var module: String?
    var name: String
    var type: String?
    var qualifiedType: String?
  }

  struct Place: Codable {
    var pid: Int32
    var program: String
  }

  struct Suppression: Codable {
    var kind: TophashFindings.Suppression.Kind
    var place: String
    var reason: String
  }

  /// What was done to make the two sides of a candidate meet.
  struct Tried: Codable {
    var holds: UInt64
    var heldNanoseconds: UInt64
    var delays: UInt64

    init(_ tried: TophashFindings.Tried) {
      holds = tried.holds
      heldNanoseconds = tried.heldNanoseconds
      delays = tried.delays
    }

    /// A candidate was caught never.
    var tried: TophashFindings.Tried {
      TophashFindings.Tried(holds: holds, heldNanoseconds: heldNanoseconds, delays: delays)
    }
  }

  var fingerprint: Fingerprint
  var rule: Rule
  var grade: Grade
  var message: String
  var variable: Variable
  var sides: Sides
  /// Absent unless it is a candidate.
  var tried: Tried?
  var occurrences: UInt64
  var processes: [Place]
  /// Absent where no test took part.
  var tests: [JSONTestInvolvement]?
  var consequence: String
  var advice: [String]
  /// Absent for the first run.
  var run: Int?
  var suppression: Suppression?
  var comparison: Comparison?

  init(_ finding: Finding, _ paths: Paths) {
    fingerprint = finding.fingerprint
    rule = finding.rule
    grade = finding.grade
    message = finding.headline
    variable = Variable(
      kind: finding.variable.kind, module: finding.variable.module, name: finding.variable.name,
      type: finding.variable.type, qualifiedType: finding.variable.qualifiedType)
    sides = Sides(open: JSONSide(finding.open, paths), begun: JSONSide(finding.begun, paths))
    tried = finding.tried.map(Tried.init)
    occurrences = finding.occurrences
    processes = finding.processes.map {
      Place(pid: $0.pid, program: paths.relative($0.program))
    }
    tests =
      finding.involvements.isEmpty ? nil : finding.involvements.map(JSONTestInvolvement.init)
    consequence = finding.consequence
    advice = finding.advice
    run = finding.run == 0 ? nil : finding.run
    suppression = finding.suppression.map {
      Suppression(kind: $0.kind, place: $0.place, reason: $0.reason)
    }
    comparison = finding.comparison
  }

  var finding: Finding {
    var finding = Finding(
      grade: grade,
      variable: TophashSymbols.Variable(
        kind: variable.kind, module: variable.module, name: variable.name, type: variable.type,
        qualifiedType: variable.qualifiedType),
      open: sides.open.side, begun: sides.begun.side, tried: tried?.tried,
      occurrences: occurrences,
      processes: processes.map { Finding.Place(pid: $0.pid, program: $0.program) })
    finding.fingerprint = fingerprint
    finding.involvements = (tests ?? []).compactMap(\.involvement)
    finding.run = run ?? 0
    finding.suppression = suppression.map {
      TophashFindings.Suppression(kind: $0.kind, place: $0.place, reason: $0.reason)
    }
    finding.comparison = comparison
    return finding
  }
}

extension JSONFinding {
  /// A list of two.
  struct Sides: Codable {
    var open: JSONSide
    var begun: JSONSide

    init(open: JSONSide, begun: JSONSide) {
      self.open = open
      self.begun = begun
    }

    init(from decoder: any Decoder) throws {
      var list = try decoder.unkeyedContainer()
      open = try list.decode(JSONSide.self)
      begun = try list.decode(JSONSide.self)
      guard list.isAtEnd else {
        throw DecodingError.dataCorruptedError(
          in: list, debugDescription: "a finding has two sides, not more")
      }
    }

    func encode(to encoder: any Encoder) throws {
      var list = encoder.unkeyedContainer()
      try list.encode(open)
      try list.encode(begun)
    }
  }
}
