import Foundation
import Synchronization

/// Held while a file is written, and while a process starts: one that started meanwhile would keep
/// the file open, and the system runs no file that somebody may write to.
let noStart = Mutex(())

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
    try noStart.withLock { _ in try Data(text.utf8).write(to: URL(filePath: file)) }
    chmod(file, mode)
    return file
  }

  /// Writes a file that is no text, and returns its path.
  @discardableResult
  package func write(_ name: String, bytes: [UInt8]) throws -> String {
    let file = "\(path)/\(name)"
    try noStart.withLock { _ in try Data(bytes).write(to: URL(filePath: file)) }
    return file
  }

  /// Copies a file, and returns the copy's path.
  package func copy(_ original: String, as name: String) throws -> String {
    let file = "\(path)/\(name)"
    try noStart.withLock { _ in try FileManager.default.copyItem(atPath: original, toPath: file) }
    return file
  }
}
