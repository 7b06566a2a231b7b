import TophashSymbols

/// An inspection for readers: what is seen best comes first, and what is not seen says why.
package struct InspectionText {
  package var listsSites = false
  /// Left out in front of paths.
  package var directory = ""

  /// What a run did, to be told with each variable.
  package var activity: SiteActivity?

  package init(
    listsSites: Bool = false, directory: String = "", activity: SiteActivity? = nil
  ) {
    self.listsSites = listsSites
    self.directory = directory
    self.activity = activity
  }

  /// The whole text, with a line break at its end.
  package func text(for inspection: Inspection) -> String {
    var lines = head(inspection)
    for visibility in Visibility.allCases {
      let variables = inspection.variables.filter { $0.visibility == visibility }
      if variables.isEmpty { continue }
      lines += ["", visibility.headline]
      lines += table(variables)
    }
    if !inspection.unresolved.isEmpty {
      lines += ["", "accesses of variables that could not be told:"]
      lines += inspection.unresolved.map { "  " + words($0) }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private func head(_ inspection: Inspection) -> [String] {
    let sites = inspection.sites.filter { $0.kind != .gate }
    let tracked = sites.count(where: \.isTracked)
    let parts = Visibility.allCases.compactMap { visibility -> String? in
      let count = inspection.count(visibility)
      return count == 0 ? nil : "\(count) \(visibility.words)"
    }
    var lines = [
      relative(inspection.binary),
      "  \(counted(inspection.variables.count, "variable"))"
        + (parts.isEmpty ? "" : ": " + parts.joined(separator: ", ")),
      "  \(counted(sites.count, "access site")): \(tracked) tracked, "
        + "\(sites.count - tracked) instantaneous"
        + (inspection.unresolved.isEmpty
          ? "" : "; of \(inspection.unresolved.count), the variable could not be told"),
    ]
    if let activity {
      let ran = sites.count { $0.isTracked && activity.ran.contains($0.address) }
      let shared = inspection.variables.count { activity.isShared($0) }
      lines.append(
        "  of the tracked sites \(ran) ran; \(counted(shared, "variable")) "
          + "used by several tasks or threads")
    }
    if !inspection.isExclusivityChecked {
      lines.append(
        "  no exclusivity checks: built with '-enforce-exclusivity=unchecked', or nothing needs one"
      )
    }
    if !inspection.hasSymbols {
      lines.append(
        "  stripped: globals and the names of functions are lost, and with them whose methods "
          + "access what")
    } else if !inspection.hasLines {
      lines.append("  no debug information: lines and what was inlined are lost")
    }
    if inspection.unreadFunctions > 0 {
      lines.append(
        "  \(counted(inspection.unreadFunctions, "function")) could not be read to the end")
    }
    return lines
  }

  private func table(_ variables: [InspectedVariable]) -> [String] {
    let names = variables.map { variable in
      variable.variable.name + (variable.variable.type.map { " : \($0)" } ?? "")
    }
    let width = min(names.map(\.count).max() ?? 0, 56)
    return zip(variables, names).flatMap { variable, name in
      let padding = String(repeating: " ", count: max(width - name.count, 0) + 2)
      var lines = ["  \(name)\(padding)\(summary(variable))"]
      if listsSites { lines += variable.sites.map { "    " + words($0) } }
      return lines
    }
  }

  /// `3 changes, 2 reads (1 instantaneous), 3 gates`, or why there is nothing.
  private func summary(_ variable: InspectedVariable) -> String {
    if let reason = variable.reason { return reason.words(variable.uncheckedFunctions) }
    let kinds: [(AccessSite.Kind, String)] = [
      (.modify, "change"), (.read, "read"), (.unknown, "access"), (.gate, "gate"),
    ]
    let parts = kinds.compactMap { kind, word -> String? in
      let sites = variable.sites.filter { $0.kind == kind && !$0.isIdle }
      if sites.isEmpty { return nil }
      let instantaneous = kind == .gate ? 0 : sites.count { !$0.isTracked }
      let part = counted(sites.count, word)
      if instantaneous == 0 || variable.visibility != .tracked { return part }
      return "\(part) (\(instantaneous == sites.count ? "" : "\(instantaneous) ")instantaneous)"
    }
    return (parts.isEmpty ? "no access found" : parts.joined(separator: ", ")) + run(variable)
  }

  /// `; 2 of 3 ran, shared`
  private func run(_ variable: InspectedVariable) -> String {
    let sites = variable.sites.filter { $0.isTracked && !$0.isIdle }
    guard let activity, !sites.isEmpty else { return "" }
    let ran = sites.count { activity.ran.contains($0.address) }
    return "; \(ran == 0 ? "none" : "\(ran) of \(sites.count)") ran"
      + (activity.isShared(variable) ? ", shared" : "")
  }

  private func words(_ site: AccessSite) -> String {
    let kind =
      site.kind == .gate
      ? "gate" : (site.isTracked ? "tracked " : "instantaneous ") + site.kind.rawValue
    let padded = kind + String(repeating: " ", count: max(0, 20 - kind.count))
    let place = site.location.map { location in
      "  \(relative(location.file)):\(location.line)"
        + (location.column > 0 ? ":\(location.column)" : "")
    }
    let ran = activity.map { activity in
      activity.shared.contains(site.address)
        ? "shared  " : activity.ran.contains(site.address) ? "ran     " : "        "
    }
    return
      "\(padded)  \(ran ?? "")\(site.function)\(site.isIdle ? " (not called)" : "")\(place ?? "")"
  }

  private func relative(_ path: String) -> String {
    let prefix = directory.hasSuffix("/") ? directory : directory + "/"
    return !directory.isEmpty && path.hasPrefix(prefix)
      ? String(path.dropFirst(prefix.count)) : path
  }
}

private func counted(_ count: Int, _ word: String) -> String {
  let plural = word.hasSuffix("s") ? word + "es" : word + "s"
  return "\(count) \(count == 1 ? word : plural)"
}

extension Visibility {
  fileprivate var words: String {
    switch self {
    case .tracked: "tracked"
    case .instantaneous: "instantaneous"
    case .gate: "by the copy-on-write gate only"
    case .nothing: "not seen"
    case .unclear: "unclear"
    }
  }

  fileprivate var headline: String {
    switch self {
    case .tracked: "tracked: accesses that overlap are caught"
    case .instantaneous: "instantaneous: accesses are counted, and cannot be caught"
    case .gate: "gate only: seen when a collection is about to be changed in place"
    case .nothing: "not seen:"
    case .unclear: "unclear: the accesses below may be theirs"
    }
  }
}

extension BlindReason {
  fileprivate func words(_ functions: Int) -> String {
    let users = counted(functions, "function")
    return switch self {
    case .constant: "`let`: needs no check"
    case .unchecked: "no exclusivity checks"
    case .optimisedAway: "optimised away: \(users) \(functions == 1 ? "uses" : "use") it unchecked"
    case .constantOrOptimisedAway:
      "`let`, or optimised away: \(users) \(functions == 1 ? "uses" : "use") it unchecked"
    case .unused: "no use found"
    }
  }
}
