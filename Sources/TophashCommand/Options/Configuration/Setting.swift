/// One option that can be given as a flag, in `TOPHASH_OPTIONS` and in a configuration file.
///
/// The table of all of them, `Setting.all`, is what these three places and `tophash config` share.
struct Setting: Sendable {
  /// Its long option without the dashes.
  let key: String
  /// What it takes, as an error says it: `text or json`.
  let expected: String
  /// Changes the options and returns true, or returns false when the value is none that it takes.
  /// A flag may come without a value.
  let apply: @Sendable (inout RunOptions, String?) -> Bool
  /// The value as one would write it; `nil` when there is none.
  let value: @Sendable (RunOptions) -> String?
  /// Whether it takes several values, between commas or as a list of a file.
  var takesSeveral = false
  /// A value that stands in a file of a directory, `""` or one with a slash at its end, as it has
  /// to be written elsewhere: a relative path begins in that directory.
  var relocated: @Sendable (_ value: String, _ directory: String) -> String = { value, _ in value }
}

extension Setting {
  /// The setting with this key.
  static func named(_ key: String) -> Setting? { all.first { $0.key == key } }

  /// All keys, in the order of the help.
  static var keys: [String] { all.map(\.key) }
}

// MARK: - Kinds

extension Setting {
  /// An option without a value, which can be switched off by those that come later.
  static func flag(
    _ key: String, _ field: WritableKeyPath<RunOptions, Bool> & Sendable, on: Bool = true
  ) -> Setting {
    Setting(
      key: key, expected: "true or false",
      apply: { options, value in
        switch value {
        case nil, "true", "yes", "on", "1": options[keyPath: field] = on
        case "false", "no", "off", "0": options[keyPath: field] = !on
        default: return false
        }
        return true
      },
      value: { "\($0[keyPath: field] == on)" })
  }

  /// One of a few words.
  static func choice<Choice: CaseIterable & RawRepresentable & Sendable>(
    _ key: String, _ field: WritableKeyPath<RunOptions, Choice> & Sendable
  ) -> Setting where Choice.RawValue == String {
    Setting(
      key: key, expected: Choice.allCases.map(\.rawValue).joined(separator: " or "),
      apply: { options, value in
        guard let choice = value.flatMap(Choice.init) else { return false }
        options[keyPath: field] = choice
        return true
      },
      value: { $0[keyPath: field].rawValue })
  }

  /// A file. `-` stands for standard output.
  static func path(
    _ key: String, _ field: WritableKeyPath<RunOptions, String?> & Sendable
  ) -> Setting {
    Setting(
      key: key, expected: "a path",
      apply: { options, value in
        guard let value, !value.isEmpty, !value.contains("\0") else { return false }
        options[keyPath: field] = value
        return true
      },
      value: { $0[keyPath: field] },
      relocated: relocated)
  }

  /// Files, between commas; those that come later are added.
  static func paths(
    _ key: String, _ field: WritableKeyPath<RunOptions, [String]> & Sendable
  ) -> Setting {
    Setting(
      key: key, expected: "a path",
      apply: { options, value in
        let paths = (value ?? "").split(separator: ",", omittingEmptySubsequences: false)
        guard paths.allSatisfy({ !$0.isEmpty && !$0.contains("\0") }) else { return false }
        options[keyPath: field] += paths.map(String.init)
        return true
      },
      value: { $0[keyPath: field].isEmpty ? nil : $0[keyPath: field].joined(separator: ",") },
      takesSeveral: true,
      relocated: { value, directory in
        value.split(separator: ",").map { relocated(String($0), directory) }
          .joined(separator: ",")
      })
  }

  static func relocated(_ path: String, _ directory: String) -> String {
    path.hasPrefix("/") || path == "-" ? path : directory + path
  }

  /// A number, or whatever else `parse` makes of a word.
  static func number<Number: Sendable>(
    _ key: String, _ expected: String, _ field: WritableKeyPath<RunOptions, Number> & Sendable,
    _ parse: @escaping @Sendable (String) -> Number?,
    typed: @escaping @Sendable (Number) -> String? = { "\($0)" }
  ) -> Setting {
    Setting(
      key: key, expected: expected,
      apply: { options, value in
        guard let number = value.flatMap(parse) else { return false }
        options[keyPath: field] = number
        return true
      },
      value: { typed($0[keyPath: field]) })
  }
}
