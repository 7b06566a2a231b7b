/// Shows paths as one would type them where the report is read.
package struct Paths: Sendable {
  /// The current directory.
  package var directory: String

  package init(directory: String) {
    self.directory = directory
  }

  /// `path` without the current directory in front; unchanged when it lies elsewhere, and in the
  /// root, where everything would be told of without its slash.
  package func relative(_ path: String) -> String {
    guard directory != "/" else { return path }
    let prefix = directory.hasSuffix("/") ? directory : directory + "/"
    return path.hasPrefix(prefix) && path.utf8.count > prefix.utf8.count
      ? String(path.dropFirst(prefix.count)) : path
  }
}
