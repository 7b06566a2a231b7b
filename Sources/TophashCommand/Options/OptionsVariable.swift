/// `TOPHASH_OPTIONS`: the long options without their dashes, as `key=value` pairs between colons.
///
/// A flag may stand without a value. A backslash makes the colon or backslash behind it part of
/// a value. What the command line says comes after it, and wins.
struct OptionsVariable {
  static let name = "TOPHASH_OPTIONS"

  /// Changes `options` as `text` says.
  ///
  /// - Throws: 64 for an unknown key, with the nearest known one, and for a value that does not
  ///   fit its key.
  static func apply(_ text: String, to options: inout RunOptions) throws(ToolError) {
    for pair in pairs(text) {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      try apply(String(parts[0]), parts.count > 1 ? String(parts[1]) : nil, to: &options)
    }
  }

  /// The parts between colons, without the empty ones; `\:` and `\\` stand for a colon and a
  /// backslash, and before anything else a backslash is itself.
  private static func pairs(_ text: String) -> [String] {
    var pairs = [""]
    var isEscaped = false
    for character in text {
      switch (character, isEscaped) {
      case ("\\", false):
        isEscaped = true
        continue
      case (":", false): pairs.append("")
      case (":", true), ("\\", true): pairs[pairs.count - 1].append(character)
      case (_, true): pairs[pairs.count - 1] += "\\\(character)"
      case (_, false): pairs[pairs.count - 1].append(character)
      }
      isEscaped = false
    }
    if isEscaped { pairs[pairs.count - 1].append("\\") }
    return pairs.filter { !$0.isEmpty }
  }

  private static func apply(
    _ key: String, _ value: String?, to options: inout RunOptions
  ) throws(ToolError) {
    guard let setting = settings.first(where: { $0.key == key }) else {
      let nearest = Suggestion.nearest(to: key, among: keys)
      throw wrong(
        "unknown key '\(key)'",
        nearest.map { "did you mean '\($0)'?" }
          ?? "known are \(keys.joined(separator: ", "))")
    }
    if let expected = setting.apply(&options, value) {
      throw wrong(
        "'\(key)' takes \(expected), \(value.map { "not '\($0)'" } ?? "and has no value")",
        "write '\(key)=…'")
    }
  }

  /// What may stand before an equals sign: the names of the long options.
  static var keys: [String] { settings.map(\.key) }

  private static func wrong(_ what: String, _ remedy: String) -> ToolError {
    ToolError(what: "\(name): \(what)", remedy: remedy, code: .usage)
  }

  /// One key: changes the options and returns `nil`, or says what it would have taken.
  private struct Setting: Sendable {
    var key: String
    var apply: @Sendable (inout RunOptions, String?) -> String?

    static func flag(
      _ key: String, _ field: WritableKeyPath<RunOptions, Bool> & Sendable, on: Bool = true
    ) -> Setting {
      Setting(key: key) { options, value in
        switch value {
        case nil, "1", "true", "yes", "on": options[keyPath: field] = on
        case "0", "false", "no", "off": options[keyPath: field] = !on
        default: return "0 or 1"
        }
        return nil
      }
    }

    static func choice<Choice: CaseIterable & RawRepresentable & Sendable>(
      _ key: String, _ field: WritableKeyPath<RunOptions, Choice> & Sendable
    ) -> Setting where Choice.RawValue == String {
      let expected = Choice.allCases.map(\.rawValue).joined(separator: " or ")
      return Setting(key: key) { options, value in
        guard let choice = value.flatMap(Choice.init) else { return expected }
        options[keyPath: field] = choice
        return nil
      }
    }

    static func path(
      _ key: String, _ field: WritableKeyPath<RunOptions, String?> & Sendable
    ) -> Setting {
      Setting(key: key) { options, value in
        guard let value, !value.isEmpty else { return "a path" }
        options[keyPath: field] = value
        return nil
      }
    }
  }

  private static let settings: [Setting] = [
    Setting(key: "reporter") { options, value in
      options.plan.choose(value ?? "") ? nil : "names from \(ReportPlan.forms)"
    },
    Setting(key: "output") { options, value in
      guard let value, !value.isEmpty else { return "a path" }
      return options.plan.send(to: value) ? nil : "FILE, or NAME=FILE with a reporter's name"
    },
    Setting(key: "suppressions") { options, value in
      guard let value, !value.isEmpty else { return "a path" }
      options.suppressions.append(value)
      return nil
    },
    .path("baseline", \.baseline),
    .path("write-baseline", \.baselineToWrite),
    .flag("quiet", \.isQuiet),
    .flag("halt-on-finding", \.haltsOnFinding),
    .choice("color", \.color),
    Setting(key: "trap-budget") { options, value in
      guard let budget = value.flatMap(Double.init), RunOptions.budgets.contains(budget) else {
        return "a percentage from 0 to 100"
      }
      options.trapBudget = budget
      return nil
    },
    .flag("no-traps", \.setsTraps, on: false),
    .choice("detect", \.detect),
    .flag("strict", \.isStrict),
    .choice("hook", \.hook),
    Setting(key: "seed") { options, value in
      guard let seed = value.flatMap({ UInt64($0) }) else { return "a whole number" }
      options.seed = seed
      return nil
    },
    .path("symbolizer", \.symbolizer),
    .path("coverage", \.coverage),
    .path("traps", \.traps),
    Setting(key: "runs") { options, value in
      guard let runs = value.flatMap({ Int($0) }), RunOptions.runCounts.contains(runs) else {
        return "a number from 1 to 1000"
      }
      options.runs = runs
      return nil
    },
    .flag("force", \.isForced),
  ]
}

extension RunOptions {
  /// Percentages that `--trap-budget` takes.
  static let budgets = 0.0...100.0
  /// Numbers that `--runs` takes.
  static let runCounts = 1...1000
}
