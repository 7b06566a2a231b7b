import TophashSymbols

/// Findings of one or more processes and runs, in which those that are the same are one.
package struct FindingSet {
  private var entries: [Key: Entry] = [:]

  package init() {}

  /// Adds a finding, or the places where it was seen to the one that is there.
  ///
  /// - Complexity: O(1) expected, and one step for each place.
  package mutating func insert(_ finding: Finding) {
    let key = Key(finding)
    guard let index = entries.index(forKey: key) else {
      entries[key] = Entry(finding)
      return
    }
    entries.values[index].add(finding)
  }

  /// By variable, of one the proven first, then by how often they were seen; the same order for
  /// the same facts.
  ///
  /// - Complexity: O(*n* log *n*).
  package var sorted: [Finding] {
    entries.values.map { (order: Order($0.finding), entry: $0) }
      .sorted { $0.order < $1.order }
      .map { _, entry in
        var finding = entry.finding
        finding.processes = entry.places.sorted()
        finding.involvements = TestInvolvement.sorted(entry.involvements)
        return finding
      }
  }

  private struct Entry {
    var finding: Finding
    /// Sets, so that thousands of processes or tests with one finding cost no more than their number.
    var places: Set<Finding.Place>
    var involvements: Set<TestInvolvement>

    init(_ finding: Finding) {
      self.finding = finding
      places = Set(finding.processes)
      involvements = Set(finding.involvements)
    }

    /// Keeps the better proof; for the same, the sides that tell more.
    mutating func add(_ new: Finding) {
      let known = finding
      if known.grade != new.grade {
        if new.grade == .caught { self = Entry(new) }
        return
      }
      if new.detail > known.detail { finding = new }
      // One place where somebody has to look at it is enough.
      if known.isOpen || new.isOpen { finding.suppression = nil }
      if let one = known.tried, let other = new.tried {
        // The same traps, when it is one process.
        finding.tried = Set(new.processes).isSubset(of: places) ? one : one + other
      }
      finding.occurrences = known.occurrences &+ new.occurrences
      involvements.formUnion(new.involvements)
      places.formUnion(new.processes)
    }
  }
}

extension FindingSet {
  /// What makes two conflicts one finding: the variable, and the unordered pair of sites as a
  /// reader sees them.
  private struct Key: Hashable {
    struct Site: Hashable, Comparable {
      var operation: String
      var function: String
      var place: String

      init(_ side: Side) {
        operation = side.operation.rawValue
        function = Fingerprint.simplified(side.site?.function ?? "")
        place =
          if let location = side.site?.location {
            "\(location.file):\(location.line)"
          } else {
            "\(side.site?.image ?? "")+\(side.site?.offset ?? 0)"
          }
      }

      static func < (left: Self, right: Self) -> Bool {
        (left.function, left.place, left.operation) < (right.function, right.place, right.operation)
      }
    }

    var module: String?
    var variable: String
    var type: String?
    var first: Site
    var second: Site

    init(_ finding: Finding) {
      module = finding.variable.module
      variable = finding.variable.name
      type = finding.variable.qualifiedType ?? finding.variable.type
      let sites = finding.sides.map(Site.init).sorted()
      (first, second) = (sites[0], sites[1])
    }
  }

  private struct Order: Comparable {
    var name: String
    var isProven: Bool
    var occurrences: UInt64
    var text: String

    init(_ finding: Finding) {
      name = finding.variable.qualifiedName
      isProven = finding.grade == .caught
      occurrences = finding.occurrences
      text = finding.sides.map {
        "\($0.operation) \($0.site?.function ?? "") \($0.site?.location?.line ?? 0)"
      }
      .joined(separator: " ")
    }

    static func < (left: Self, right: Self) -> Bool {
      if left.name != right.name { return left.name < right.name }
      if left.isProven != right.isProven { return left.isProven }
      if left.occurrences != right.occurrences { return left.occurrences > right.occurrences }
      return left.text < right.text
    }
  }
}

extension Finding {
  fileprivate var detail: Int {
    sides.reduce(0) {
      $0 + ($1.isSuspended ? 0 : 2) + ($1.hasExactStack ? 1 : 0) + ($1.stack.count > 1 ? 1 : 0)
    }
  }
}
