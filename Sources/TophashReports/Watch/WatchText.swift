import TophashFindings
import TophashSymbols

/// Writes for people who used a variable: first by place, then the last uses one by one.
package struct WatchText {
  package var style: Style
  package var paths: Paths
  /// How many of the last uses are told one by one.
  package var last: Int

  package init(style: Style = Style(isColored: false), paths: Paths, last: Int = 5) {
    self.style = style
    self.paths = paths
    self.last = last
  }

  package func text(for report: WatchReport) -> String {
    report.variables.map { block($0, report) }.joined(separator: "\n")
  }

  private func block(_ variable: WatchedVariable, _ report: WatchReport) -> String {
    var lines = [style.strong(variable.headline(isSoftware: report.isSoftware))]
    for site in variable.sites.sorted(by: WatchSite.isBefore) {
      lines += [""] + section(site, variable)
    }
    let recent = variable.hits.suffix(last)
    if !recent.isEmpty {
      lines += [
        "", "  \(recent.count < variable.hits.count ? "the last \(recent.count)" : "all"):",
      ]
      var columns = Columns()
      for hit in recent {
        let site = variable.sites[hit.site]
        columns.add(
          "+\(hit.nanoseconds / 1000) µs", "\(hit.owner)", site.operation.words,
          variable.change(hit), site.side.site?.placeText(paths) ?? "")
      }
      lines += columns.lines(
        indent: "    ", paints: [style.faint, { $0 }, { $0 }, { $0 }, style.place])
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private func section(_ site: WatchSite, _ variable: WatchedVariable) -> [String] {
    let frame = site.side.site
    var columns = Columns()
    columns.add(
      "\(Number.grouped(UInt64(site.count))) × \(site.operation.words)",
      frame?.placeText(paths) ?? "", frame?.functionText ?? "")
    var lines = columns.lines(indent: "  ", gap: 3, paints: [style.strong, style.place])
    let most = site.owners.sorted { $0.count > $1.count }
    var names = most.prefix(8).map { "\($0.owner): \(Number.grouped(UInt64($0.count)))" }
    if most.count > 8 { names.append("and \(most.count - 8) more") }
    lines.append("    by " + names.joined(separator: ", "))
    let stack = StackText(site.side, variable: variable.variable)
    return lines + stack.lines(indent: "    ", paths: paths, style: style)
  }
}

extension WatchSite {
  /// Most used first; the same order for the same facts.
  package static func isBefore(_ one: WatchSite, _ other: WatchSite) -> Bool {
    if one.count != other.count { return one.count > other.count }
    let texts = [one, other].map { site in
      "\(site.operation.rawValue) \(site.side.site?.function ?? "") \(site.side.site?.offset ?? 0)"
    }
    return texts[0] < texts[1]
  }
}

extension WatchOperation {
  /// As it stands behind a number.
  var words: String {
    switch self {
    case .read: "read"
    case .write: "write"
    case .atomic: "atomic write"
    case .modify: "modify"
    case .insert: "insert"
    case .remove: "remove"
    }
  }
}

extension WatchedVariable {
  /// How often, by how many, and how much of it could be seen.
  func headline(isSoftware: Bool) -> String {
    let name = variable.spoken
    guard !hits.isEmpty else {
      if isEntry, watchedObjects == 0 { return "\(name): there was no such entry" }
      if isFoundByAccess, objects == 0 {
        return "\(name): nothing was accessed at the places of the finding"
      }
      return objects == 0 && variable.isProperty
        ? "\(name): no object with it was made"
        : "\(name) was not touched" + (isSoftware ? ", as far as the runtime was told" : "")
    }
    let owners = Set(hits.map(\.owner)).count
    let kinds = Set(sites.map(\.operation))
    let verb =
      kinds == [.read]
      ? "read" : kinds.contains(.read) ? "used" : isSoftware ? "modified" : "written"
    var text = "\(name) was \(verb) \(Number.counted(UInt64(hits.count), "time"))"
    text += ", by \(Number.counted(UInt64(owners), "task or thread", "tasks or threads"))"
    if objects > watchedObjects {
      text +=
        ", in \(Number.grouped(UInt64(watchedObjects))) of \(Number.counted(UInt64(objects), "object"))"
    }
    if let size, size > length, !isSoftware {
      text += " (the first \(length) of its \(size) bytes)"
    }
    return text
  }

  /// `41 → 42`, in the way of the variable's type.
  func change(_ hit: WatchHit) -> String {
    let number = objects > 1 ? "object \(hit.object): " : ""
    switch (hit.before, hit.after) {
    case (let before?, let after?) where before == after: return number + value(after)
    case (let before?, let after?): return number + "\(value(before)) → \(value(after))"
    case (nil, let after?): return number + "new, \(value(after))"
    case (let before?, nil):
      let after = sites[hit.site].operation == .remove ? "gone" : "?"
      return number + "\(value(before)) → \(after)"
    case (nil, nil): return ""
    }
  }

  /// The watched bytes as one would write such a value.
  func value(_ bits: UInt64) -> String {
    switch variable.type {
    case "Int", "Int64": "\(Int64(bitPattern: bits))"
    case "Int32": "\(Int32(truncatingIfNeeded: bits))"
    case "Int16": "\(Int16(truncatingIfNeeded: bits))"
    case "Int8": "\(Int8(truncatingIfNeeded: bits))"
    case "UInt", "UInt64", "UInt32", "UInt16", "UInt8": "\(bits)"
    case "Bool": bits & 1 == 0 ? "false" : "true"
    case "Double": "\(Double(bitPattern: bits))"
    case "Float": "\(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))"
    default: "0x" + String(bits, radix: 16)
    }
  }
}

extension Variable {
  var isProperty: Bool { kind == .classProperty || kind == .actorProperty }
}
