/// Looks at a program before it runs, for what the probe cannot work with.
struct Inspector {
  /// True to run also what seems to have nothing to check.
  var isForced: Bool

  func check(_ path: String) throws(ToolError) {}
}
