import Foundation

/// A directory that is removed, with all that is in it, when nobody refers to it any more.
package final class TemporaryDirectory: Sendable {
  /// Absolute, without symbolic links.
  package let path: String

  package init() throws {
    let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    var template = Array("\(parent)/tophash-tests-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Command.Failure(reason: "no temporary directory") }
    let made = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    path = URL(filePath: made).resolvingSymlinksInPath().path(percentEncoded: false)
  }

  deinit { remove() }

  /// Removes it now.
  package func remove() { try? FileManager.default.removeItem(atPath: path) }

  /// Names of what is in it.
  package var files: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
  }

  /// Writes a file, with the folders in its name, and returns its path.
  @discardableResult
  package func write(_ name: String, _ text: String, mode: mode_t = 0o644) throws -> String {
    let file = "\(path)/\(name)"
    try FileManager.default.createDirectory(
      atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(filePath: file))
    chmod(file, mode)
    return file
  }
}
