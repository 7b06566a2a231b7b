import TophashFindings
import TophashSymbols

extension SARIF {
  /// A finding in SARIF.
  struct Result: Encodable {
    struct Properties: Encodable {
      var grade: Grade
      var variable: String
      var type: String?
      var module: String?
      var consequence: String
      var advice: [String]
      var again: String
    }

    var ruleId: String
    var ruleIndex: Int
    var kind = "fail"
    var level: String
    var message: Message
    var locations: [Location]
    var relatedLocations: [Location]
    var codeFlows: [CodeFlow]?
    var partialFingerprints: [String: String]
    var suppressions: [Suppression]
    var baselineState: String?
    var occurrenceCount: UInt64
    var properties: Properties

    /// - Parameter number: tells findings of one fingerprint apart, from 1.
    init(_ finding: Finding, number: Int, in report: Report, _ locator: SARIFLocator) {
      ruleId = finding.rule.rawValue
      ruleIndex = Rule.allCases.firstIndex(of: finding.rule) ?? 0
      level = finding.grade.sarifLevel
      let first = finding.place?.side ?? finding.open
      let second = first == finding.open ? finding.begun : finding.open
      let other = "\(second.owner) \(finding.deed(of: second))"
      message = Message(
        // In a message, brackets begin a link, as to the related location below.
        text: "\(finding.grade.words): \(finding.headline). [The other access](1): \(other)."
          + " \(finding.consequence.sentence)")
      locations = [Location(first, id: nil, "\(first.owner) \(finding.deed(of: first))", locator)]
      relatedLocations = [Location(second, id: 1, other, locator)]
      let flows = finding.sides.compactMap { ThreadFlow($0, of: finding, locator) }
      codeFlows =
        flows.isEmpty
        ? nil
        : [CodeFlow(message: Message(text: "both ways to the variable"), threadFlows: flows)]
      let digits = finding.fingerprint.description.dropFirst(2)
      partialFingerprints = [
        "tophash/v1": finding.fingerprint.description,
        // The one that GitHub knows an alert by; it is not to change while lines move.
        "primaryLocationLineHash": "\(digits):\(number)",
      ]
      suppressions = finding.suppression.map { [Suppression($0)] } ?? []
      baselineState =
        switch finding.comparison {
        case .new: "new"
        case .still: "unchanged"
        case .gone: "absent"
        case nil: nil
        }
      occurrenceCount = finding.occurrences
      properties = Properties(
        grade: finding.grade, variable: finding.variable.name, type: finding.variable.type,
        module: finding.variable.module, consequence: finding.consequence,
        advice: finding.advice, again: report.repeatCommand(for: finding))
    }
  }
}

extension Grade {
  fileprivate var sarifLevel: String {
    switch self {
    case .caught: "error"
    case .unordered: "warning"
    }
  }
}

extension String {
  /// With a capital letter and a full stop.
  fileprivate var sentence: String { prefix(1).uppercased() + dropFirst() + "." }
}

extension SARIF.Location {
  /// The site of an access.
  init(_ side: Side, id: Int?, _ message: String, _ locator: SARIFLocator) {
    self.init(side.site, id: id, message, locator)
  }

  init(_ frame: Frame?, id: Int? = nil, _ message: String, _ locator: SARIFLocator) {
    self.id = id
    self.message = SARIF.Message(text: message)
    if let location = frame?.location {
      physicalLocation = locator.place(location)
    } else if let image = frame?.image {
      physicalLocation = SARIF.PhysicalLocation(artifactLocation: locator.artifact(image))
    }
    logicalLocations = frame.map { frame in
      let name = frame.module.map { "\($0).\(frame.function)" } ?? frame.function
      return [SARIF.LogicalLocation(fullyQualifiedName: name, kind: "function")]
    }
  }
}

extension SARIF.ThreadFlow {
  /// The way to an access, from the outermost frame to the site; `nil` when no frame has a line.
  init?(_ side: Side, of finding: Finding, _ locator: SARIFLocator) {
    let frames = ShownStack(side, variable: finding.variable).ownFrames
      .filter { $0.location != nil }
    guard !frames.isEmpty else { return nil }
    id = side.owner.description
    message = SARIF.Message(text: ([side.owner.description] + side.notes).joined(separator: "; "))
    locations = frames.reversed().enumerated().map { level, frame in
      let isSite = frame == side.site
      return SARIF.ThreadFlowLocation(
        location: SARIF.Location(
          frame, isSite ? "\(side.owner) \(finding.deed(of: side))" : frame.functionText, locator),
        kinds: isSite ? ["memory", side.operation == .modify ? "write" : "read"] : ["call"],
        importance: isSite ? "essential" : "important", nestingLevel: level, module: frame.module)
    }
  }
}

extension SARIF.Suppression {
  init(_ suppression: Suppression) {
    kind = suppression.kind == .comment ? "inSource" : "external"
    justification = "\(suppression.reason) (\(suppression.place))"
  }
}

extension SARIF.Invocation {
  init(_ run: Run, in locator: SARIFLocator) {
    commandLine = run.repeatCommand
    workingDirectory = SARIF.Artifact(uri: "./", uriBaseId: SARIFLocator.base)
    switch run.end {
    case .exited(let status): exitCode = status
    case .signalled(let number): exitSignalNumber = number
    }
  }
}
