/// A configuration as YAML that says behind each value where it comes from.
struct ConfigurationText {
  private let configuration: Configuration

  init(_ configuration: Configuration) { self.configuration = configuration }

  /// One setting a line; those without a value are comments.
  var text: String {
    let lines = Setting.all.map { setting in
      let value = setting.value(configuration.options)
      return (
        left: value.map { "\(setting.key): \(Self.scalar($0))" } ?? "# \(setting.key):",
        origin: configuration.origin(of: setting).shown(setting.key)
      )
    }
    let width = lines.map(\.left.count).max() ?? 0
    return lines.map { line in
      line.left + String(repeating: " ", count: width - line.left.count + 2) + "# \(line.origin)\n"
    }.joined()
  }

  /// `value` as YAML: plain where that cannot be read as anything else, else in quotes.
  static func scalar(_ value: String) -> String {
    let isPlain =
      value.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-=,".contains($0)) }
      && value.first != "-" && (value.contains { $0.isLetter || $0.isNumber })
      && !["null", "Null", "NULL"].contains(value)
    guard !isPlain else { return value }
    let escaped = value.unicodeScalars.map { scalar in
      switch scalar {
      case "\"", "\\": "\\\(scalar)"
      case _
      where scalar.properties.generalCategory == .control || scalar == "\u{feff}"
        || scalar.properties.generalCategory == .lineSeparator
        || scalar.properties.generalCategory == .paragraphSeparator:
        "\\U" + String(repeating: "0", count: 8 - String(scalar.value, radix: 16).count)
          + String(scalar.value, radix: 16)
      default: String(scalar)
      }
    }
    return "\"" + escaped.joined() + "\""
  }
}

extension Origin {
  fileprivate func shown(_ key: String) -> String {
    switch self {
    case .standard: "default"
    case .file(let position): "\(position)"
    case .variable: OptionsVariable.name
    case .flag: "--\(key)"
    }
  }
}
