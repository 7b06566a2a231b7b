/// An end of `tophash` that is not the program's own: one line, and a documented exit code.
struct ToolError: Error, Equatable {
  /// What happened, in a few words.
  var what: String
  /// What the reader can do now.
  var remedy: String
  var code: ExitStatus

  /// `<what>; <remedy>`: what follows `tophash: error: `.
  var line: String { "\(what); \(remedy)" }
}

/// How `tophash` ends when it does not end as the program did.
enum ExitStatus: Int32, Equatable {
  case usage = 64
  case findings = 66
  case toolFailed = 70
  case cannotRun = 126
  case notFound = 127
}
