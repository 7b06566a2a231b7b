import TophashFindings

/// The forms that a report can be written in, by the names that people choose them by.
package enum ReportForm: String, CaseIterable, Sendable {
  case text, xcode, json, sarif, junit, github, gitlab, markdown, html

  /// Whether its text is a document, which nothing else may stand beside in one stream.
  package var isDocument: Bool {
    switch self {
    case .text, .xcode, .github, .markdown: false
    case .json, .sarif, .junit, .gitlab, .html: true
    }
  }

  /// A form that goes to a file of the surroundings besides, and the variable that names it.
  package var companion: (form: ReportForm, variable: String)? {
    self == .github ? (.markdown, "GITHUB_STEP_SUMMARY") : nil
  }

  /// What some reporters need beside the report.
  package struct Context {
    package var paths: Paths
    package var style: Style
    /// Whether candidates count like what is proven.
    package var isStrict: Bool
    package var source: SourceCache

    package init(
      paths: Paths, style: Style = Style(isColored: false), isStrict: Bool = false,
      source: SourceCache = SourceCache()
    ) {
      self.paths = paths
      self.style = style
      self.isStrict = isStrict
      self.source = source
    }
  }

  package func reporter(_ context: Context) -> any Reporter {
    let (paths, source) = (context.paths, context.source)
    return switch self {
    case .text: TextReporter(style: context.style, paths: paths, source: source)
    case .xcode: XcodeReporter(paths: paths)
    case .json: JSONReporter(paths: paths)
    case .sarif: SARIFReporter(paths: paths, source: source)
    case .junit: JUnitReporter(paths: paths, isStrict: context.isStrict, source: source)
    case .github: GitHubReporter(paths: paths)
    case .gitlab: GitLabReporter(paths: paths)
    case .markdown: MarkdownReporter(paths: paths, source: source)
    case .html: HTMLReporter(paths: paths, source: source)
    }
  }
}
