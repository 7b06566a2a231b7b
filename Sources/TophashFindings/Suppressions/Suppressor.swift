import TophashSymbols

/// Tells which findings are suppressed, and which suppressions are of no use any more.
///
/// Comments in the source come first, then files in their order, then the baseline: whoever reads
/// the code should see why.
package struct Suppressor {
  private let files: [SuppressionFile]
  private let baseline: Baseline?
  private let paths: Paths
  private let source: (String) -> String?
  private let index: EntryIndex
  private let expired: [EntryIndex.Place]
  private var used: Set<EntryIndex.Place> = []
  private var sources: [String: SourceComments] = [:]
  private var met: Set<Fingerprint> = []

  /// - Parameters:
  ///   - today: entries that end before it do not count.
  ///   - source: gives the text of a source file; `nil` when there is none to be read.
  package init(
    files: [SuppressionFile], baseline: Baseline? = nil, paths: Paths, today: Day,
    source: @escaping (String) -> String?
  ) {
    self.files = files
    self.baseline = baseline
    self.paths = paths
    self.source = source
    let places = files.indices.flatMap { file in
      files[file].entries.indices.map { EntryIndex.Place(file: file, entry: $0) }
    }
    let isOver = { (place: EntryIndex.Place) in
      files[place.file].entries[place.entry].until.map { $0 < today } ?? false
    }
    expired = places.filter(isOver)
    index = EntryIndex(
      places.filter { !isOver($0) }.map { ($0, files[$0.file].entries[$0.entry]) })
  }

  /// `findings`, those that are suppressed with their reasons.
  ///
  /// - Complexity: O(*n* + *m*) for findings and entries that name a variable or fingerprint
  ///   without wildcards; each other entry is compared with each finding.
  /// Findings of an earlier report that are gone are not looked at.
  package mutating func apply(to findings: [Finding]) -> [Finding] {
    findings.map { finding in
      guard finding.comparison != .gone else { return finding }
      var finding = finding
      // What was decided where the sources are stays decided.
      finding.suppression = suppression(of: finding) ?? finding.suppression
      return finding
    }
  }

  /// How many entries were compared with a finding so far.
  package private(set) var comparisons = 0

  private mutating func suppression(of finding: Finding) -> Suppression? {
    let comment = comment(at: finding)
    let facts = FindingFacts(finding, paths)
    let candidates = index.candidates(for: facts)
    comparisons += candidates.count
    let fitting = candidates.filter { entry($0).fits(facts) }
    used.formUnion(fitting)
    if let comment { return comment }
    if let place = fitting.first {
      return Suppression(
        kind: .file, place: "\(files[place.file].path):\(entry(place).line)",
        reason: entry(place).reason)
    }
    guard let baseline, baseline.holds(finding) else { return nil }
    met.insert(finding.fingerprint)
    return Suppression(
      kind: .baseline, place: baseline.path, reason: "it was there when the baseline was written")
  }

  private func entry(_ place: EntryIndex.Place) -> SuppressionFile.Entry {
    files[place.file].entries[place.entry]
  }
}

// MARK: - Comments

extension Suppressor {
  /// A source file's comments, and those that met a finding.
  private struct SourceComments {
    var directives: SourceDirectives
    var used: Set<Int> = []
  }

  private mutating func comment(at finding: Finding) -> Suppression? {
    var found: Suppression?
    for side in finding.sides {
      guard let location = side.site?.location else { continue }
      let file = location.file
      if sources[file] == nil {
        sources[file] = SourceComments(directives: SourceDirectives(source: source(file) ?? ""))
      }
      for directive in sources[file]?.directives.directives[location.line] ?? []
      where directive.rule == nil || directive.rule == finding.rule {
        sources[file]?.used.insert(directive.line)
        found =
          found
          ?? Suppression(
            kind: .comment, place: "\(paths.relative(file)):\(directive.line)",
            reason: directive.reason)
      }
    }
    return found
  }
}

// MARK: - What is of no use

extension Suppressor {
  /// What is wrong with suppressions and baseline, after the findings were seen: a line each.
  ///
  /// That an entry met no finding says little after one run, in which not everything happens.
  /// Comments are known of those files only that a finding led to.
  package var remarks: [String] {
    expired.map { place in
      "\(files[place.file].path):\(entry(place).line): this entry is over since"
        + " \(entry(place).until?.description ?? ""), and suppresses nothing"
    } + unusedEntries + comments + unmetBaseline
  }

  private var unusedEntries: [String] {
    index.places.filter { !used.contains($0) }.map {
      "\(files[$0.file].path):\(entry($0).line): this entry met no finding"
    }
  }

  private var comments: [String] {
    sources.sorted { $0.key < $1.key }.flatMap { file, comments -> [String] in
      let path = paths.relative(file)
      let lines = comments.directives.directives.values.joined().map(\.line)
      let unused = Set(lines).subtracting(comments.used)
      let remarks =
        unused.map { ($0, "this comment met no finding") }
        + comments.directives.mistakes.map { ($0.line, $0.text) }
      return remarks.sorted { $0.0 < $1.0 }.map { "\(path):\($0.0): \($0.1)" }
    }
  }

  private var unmetBaseline: [String] {
    guard let baseline else { return [] }
    let gone = baseline.count - met.count
    guard gone > 0 else { return [] }
    return [
      "\(baseline.path): \(gone) of \(baseline.count) \(baseline.count == 1 ? "entry" : "entries")"
        + " met no finding"
    ]
  }
}
