import TophashSymbols

/// Finds the entries that may fit a finding without a look at all of them.
struct EntryIndex {
  /// A file, and the entry in it.
  struct Place: Hashable, Comparable, Sendable {
    var file: Int
    var entry: Int

    static func < (left: Self, right: Self) -> Bool {
      (left.file, left.entry) < (right.file, right.entry)
    }
  }

  /// All of them, in their order.
  let places: [Place]
  /// Those that name a variable or a fingerprint as it is, by that name.
  private var named: [String: [Place]] = [:]
  private var others: [Place] = []

  init(_ entries: [(place: Place, entry: SuppressionFile.Entry)]) {
    places = entries.map(\.place)
    for (place, entry) in entries {
      let name = entry.conditions.first {
        ($0.kind == .variable || $0.kind == .fingerprint) && $0.pattern.isExact
      }
      if let name {
        named[name.pattern.text, default: []].append(place)
      } else {
        others.append(place)
      }
    }
  }

  /// In their order.
  func candidates(for facts: FindingFacts) -> [Place] {
    let byName = (facts.variables + [facts.fingerprint]).flatMap { named[$0] ?? [] }
    return byName.isEmpty ? others : Set(byName + others).sorted()
  }
}

/// A finding as suppressions speak of it.
struct FindingFacts {
  var variables: [String]
  var functions: [String]
  var files: [String]
  var modules: [String]
  var rule: String
  var fingerprint: String

  init(_ finding: Finding, _ paths: Paths) {
    let sites = finding.sides.compactMap(\.site)
    variables =
      finding.variable.module == nil
      ? [finding.variable.name] : [finding.variable.name, finding.variable.qualifiedName]
    functions = sites.flatMap { site in
      [site.function] + (site.module.map { ["\($0).\(site.function)"] } ?? [])
    }
    files = sites.compactMap { site in (site.location?.file).map(paths.relative) }
    // A variable without a known module belongs where it is used.
    modules = finding.variable.module.map { [$0] } ?? sites.compactMap(\.module)
    rule = finding.rule.rawValue
    fingerprint = finding.fingerprint.description
  }

  func values(_ kind: SuppressionFile.Condition.Kind) -> [String] {
    switch kind {
    case .variable: variables
    case .function: functions
    case .file: files
    case .module: modules
    case .rule: [rule]
    case .fingerprint: [fingerprint]
    }
  }
}

extension SuppressionFile.Entry {
  /// Whether all conditions fit; one of the two accesses is enough for each.
  func fits(_ facts: FindingFacts) -> Bool {
    conditions.allSatisfy { condition in
      facts.values(condition.kind).contains(where: condition.pattern.matches)
    }
  }
}
