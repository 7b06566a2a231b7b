/// The options in force, and where each comes from.
struct Configuration {
  private(set) var options: RunOptions
  private var origins: [String: Origin] = [:]

  /// Changes the options as the assignments say; later ones win.
  ///
  /// - Throws: for an unknown key, with the nearest known one, and for a value that does not fit
  ///   its key: 65 in a file, 64 anywhere else.
  mutating func apply(_ assignments: [Assignment]) throws(ToolError) {
    for assignment in assignments {
      guard let setting = Setting.named(assignment.key) else {
        throw .unknownKey(assignment)
      }
      guard setting.apply(&options, assignment.value) else {
        throw .wrongValue(assignment, expected: setting.expected)
      }
      origins[setting.key] = assignment.origin
    }
  }

  /// Where the value of `setting` comes from.
  func origin(of setting: Setting) -> Origin { origins[setting.key] ?? .standard }
}

extension Configuration {
  /// Merges defaults, the configuration file, `TOPHASH_OPTIONS` and the command line; each wins
  /// over those before it.
  ///
  /// - Parameters:
  ///   - defaults: the options of a command to which nobody says anything.
  ///   - flags: what the command line gives.
  ///   - path: the file that `--config` names; `nil` to look for the nearest one.
  ///   - variable: the text of `TOPHASH_OPTIONS`.
  init(
    defaults: RunOptions, flags: [Assignment], path: String?, variable: String?
  ) throws(ToolError) {
    options = defaults
    var variable = OptionsVariable.assignments(variable ?? "")
    let named = variable.last { $0.key == ConfigurationFile.key }
    variable.removeAll { $0.key == ConfigurationFile.key }

    if let file = try ConfigurationFile.locate(named: path ?? named?.value) {
      try apply(file.assignments())
    }
    try apply(variable)
    try apply(flags)
  }
}

extension ToolError {
  static func unknownKey(_ assignment: Assignment) -> ToolError {
    let nearest = Suggestion.nearest(to: assignment.key, among: Setting.keys)
    return ToolError(
      what: "\(assignment.origin.prefix)unknown key '\(assignment.key)'",
      remedy: nearest.map { "did you mean '\($0)'?" }
        ?? "known are \(Setting.keys.joined(separator: ", "))",
      code: assignment.origin.errorCode)
  }

  /// - Parameter got: what there is in place of a value, such as `a list`.
  static func wrongValue(
    _ assignment: Assignment, expected: String, got: String? = nil
  ) -> ToolError {
    let key = assignment.key
    let remedy =
      switch assignment.origin {
      case .file: "write '\(key): …'"
      case .variable: "write '\(key)=…'"
      case .flag, .standard: "see 'tophash run --help'"
      }
    let name = assignment.origin == .flag ? "'--\(key)'" : "'\(key)'"
    let mistake =
      (got ?? assignment.value.map { "'\($0)'" }).map { "not \($0)" } ?? "and has no value"
    return ToolError(
      what: "\(assignment.origin.prefix)\(name) takes \(expected), \(mistake)", remedy: remedy,
      code: assignment.origin.errorCode)
  }
}

extension Origin {
  /// What an error about a value begins with.
  fileprivate var prefix: String {
    switch self {
    case .file(let position): "\(position): "
    case .variable: "\(OptionsVariable.name): "
    case .flag, .standard: ""
    }
  }

  fileprivate var errorCode: ExitStatus {
    if case .file = self { .wrongFile } else { .usage }
  }
}
