import TophashFindings
import TophashReports
import TophashSymbols

/// A profile of waits for people: a table of places, and who came to the first one from where.
package struct WaitTable {
  package var rows: Int
  package var paths: Paths
  package var style: Style

  /// - Parameter rows: How many places are shown of each part.
  package init(rows: Int, paths: Paths, style: Style) {
    self.rows = rows
    self.paths = paths
    self.style = style
  }

  package func text(_ profile: WaitProfile) -> String {
    let contention = Place.all(profile.samples(contention: true))
    let others = Place.all(profile.samples(contention: false))
    var lines = part("waited for others", contention, none: "nobody waited for others")
    if let first = contention.first { lines += [""] + ways(to: first) }
    if !others.isEmpty { lines += [""] + part("waited for something to happen", others, none: "") }
    return lines.joined(separator: "\n") + "\n"
  }

  private func part(_ title: String, _ places: [Place], none: String) -> [String] {
    guard !places.isEmpty else { return [none] }
    let total = places.reduce(0) { $0 &+ $1.total }
    let waits = places.reduce(0) { $0 &+ $1.count }
    var columns = Columns()
    for place in places.prefix(rows) {
      columns.add(
        Number.time(place.total), Number.percent(Double(place.total) / Double(max(total, 1))),
        Number.counted(place.count, "wait"), "longest " + Number.time(place.longest),
        place.what, place.site?.functionText ?? "?", place.site?.placeText(paths) ?? "")
    }
    var lines = [
      style.strong("\(title): \(Number.time(total)) in \(Number.counted(waits, "wait"))")
    ]
    lines += columns.lines(
      indent: "  ", paints: [{ $0 }, { $0 }, { $0 }, { $0 }, { $0 }, { $0 }, style.place])
    if places.count > rows {
      lines.append("  … \(Number.counted(UInt64(places.count - rows), "more place"))")
    }
    return lines
  }

  /// The stacks that lead to a place, the one with the longest waits first.
  private func ways(to place: Place) -> [String] {
    var lines: [String] = []
    for sample in place.samples.prefix(3) {
      lines.append(
        "  \(Number.time(sample.total)) for the \(place.what)"
          + (sample.unfinished > 0
            ? ", \(Number.counted(sample.unfinished, "wait")) of them to the end" : ""))
      var columns = Columns()
      for frame in sample.stack where frame.origin == .own {
        columns.add(frame.functionText, frame.placeText(paths))
      }
      lines += columns.lines(indent: "    ", paints: [{ $0 }, style.place])
    }
    return lines
  }

  /// Samples that wait for the same at the same line, from wherever they came.
  private struct Place {
    var samples: [WaitProfile.Sample]
    var count: UInt64 { samples.reduce(0) { $0 &+ $1.count } }
    var total: UInt64 { samples.reduce(0) { $0 &+ $1.total } }
    var longest: UInt64 { samples.map(\.longest).max() ?? 0 }
    var site: Frame? { samples.first?.site }
    var what: String { samples[0].kind.what(samples[0].subject) }

    private struct Key: Hashable {
      var kind: WaitKind
      var subject: String?
      var function: String?
      var location: SourceLocation?
    }

    static func all(_ samples: [WaitProfile.Sample]) -> [Place] {
      var places: [Key: Place] = [:]
      for sample in samples {
        let key = Key(
          kind: sample.kind, subject: sample.subject, function: sample.site?.function,
          location: sample.site?.location)
        places[key, default: Place(samples: [])].samples.append(sample)
      }
      return places.values.sorted {
        ($0.total, $1.what, $1.site?.function ?? "") > ($1.total, $0.what, $0.site?.function ?? "")
      }
    }
  }
}
