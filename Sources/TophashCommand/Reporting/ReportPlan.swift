import TophashReports

/// Which forms a report is written in, and where each goes, as `--reporter` and `--output` say.
struct ReportPlan: Equatable {
  private(set) var reporters = [ReportForm.text]
  /// Files of forms that were named: `--output sarif=FILE`.
  private(set) var named: [ReportForm: String] = [:]
  /// The file of the only form: `--output FILE`.
  private(set) var unnamed: String?

  /// One form, and its file; `nil` for standard output.
  struct Part: Equatable {
    var form: ReportForm
    var path: String?
  }

  /// Takes `NAME[,NAME…]`; returns false for what is no form.
  mutating func choose(_ names: String) -> Bool {
    let words = names.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    let forms = words.compactMap(ReportForm.init)
    guard forms.count == words.count else { return false }
    reporters = forms
    return true
  }

  /// Takes `FILE`, or `NAME=FILE` and more such between commas; a name without a slash before an equals sign has to be a form's.
  /// Returns false for what is none, and where no file is named.
  mutating func send(to output: String) -> Bool {
    if let list = Self.named(output), list.count > 1 {
      return list.allSatisfy { send(to: $0) }
    }
    let parts = output.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2, !parts[0].contains("/") {
      guard let form = ReportForm(rawValue: String(parts[0])), !parts[1].isEmpty else {
        return false
      }
      named[form] = String(parts[1])
    } else {
      unnamed = output
    }
    return true
  }

  /// The parts between commas, when each of them names a form.
  private static func named(_ output: String) -> [String]? {
    let parts = output.split(separator: ",").map(String.init)
    return parts.allSatisfy { form in
      ReportForm.allCases.contains { form.hasPrefix("\($0.rawValue)=") }
    } ? parts : nil
  }

  /// As `choose` takes it.
  var chosen: String { reporters.map(\.rawValue).joined(separator: ",") }

  /// As `send` takes it; `nil` when nothing was sent anywhere.
  var sent: String? {
    if named.isEmpty, let unnamed { return unnamed }
    var files = named
    if let unnamed, let free = reporters.first(where: { named[$0] == nil }) {
      files[free] = unnamed
    }
    let list = ReportForm.allCases.compactMap { form in
      files[form].map { "\(form.rawValue)=\($0)" }
    }
    return list.isEmpty ? nil : list.joined(separator: ",")
  }

  /// What `send` takes, as it has to be written elsewhere: see ``Setting/relocated``.
  static func relocated(_ output: String, _ directory: String) -> String {
    guard let parts = named(output) else { return Setting.relocated(output, directory) }
    return parts.map { part in
      let form = part.prefix { $0 != "=" }
      return form + "=" + Setting.relocated(String(part.dropFirst(form.count + 1)), directory)
    }
    .joined(separator: ",")
  }

  /// What is to be written.
  ///
  /// - Throws: 64 where a file or a stream would get two reports.
  func parts() throws(ToolError) -> [Part] {
    var parts: [Part] = []
    for form in reporters + ReportForm.allCases.filter({ named[$0] != nil })
    where !parts.contains(where: { $0.form == form }) {
      parts.append(Part(form: form, path: named[form]))
    }
    if let unnamed {
      let free = parts.indices.filter { parts[$0].path == nil }
      guard free.count == 1 else {
        throw .wrongOutput(
          "--output \(unnamed) does not say which report it is for",
          "write NAME=FILE, such as '\(reporters[0].rawValue)=\(unnamed)'")
      }
      parts[free[0]].path = unnamed
    }
    let files = parts.compactMap(\.path)
    if let twice = files.first(where: { path in files.count { $0 == path } > 1 }) {
      throw .wrongOutput("two reports would go to '\(twice)'", "give each a file of its own")
    }
    let shared = parts.filter { $0.path == nil }
    if shared.count > 1, let document = shared.first(where: \.form.isDocument) {
      throw .wrongOutput(
        "\(shared.map(\.form.rawValue).joined(separator: " and ")) would share standard output",
        "write '--output \(document.form.rawValue)=FILE'")
    }
    return parts
  }

  /// All forms, for errors and help.
  static let forms = ReportForm.allCases.map(\.rawValue).joined(separator: ", ")
}

extension ToolError {
  fileprivate static func wrongOutput(_ what: String, _ remedy: String) -> ToolError {
    ToolError(what: what, remedy: remedy, code: .usage)
  }
}
