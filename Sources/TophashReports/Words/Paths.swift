/// Shows paths as one would type them where the report is read.
package struct Paths: Sendable {
  /// The current directory.
  package var directory: String

  package init(directory: String) {
    self.directory = directory
  }

  /// `path` without the current directory in front; unchanged when it lies elsewhere.
  package func relative(_ path: String) -> String {
    let prefix = directory.hasSuffix("/") ? directory : directory + "/"
    return path.hasPrefix(prefix) && path.count > prefix.count
      ? String(path.dropFirst(prefix.count)) : path
  }
}
