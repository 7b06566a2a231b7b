import Foundation
import TophashFindings

/// The lines of source files, each read once, however many findings lead to it.
///
/// One reporter after the other uses it, on one thread.
package final class SourceCache {
  private let read: (String) -> String?
  private var files: [String: [Substring]] = [:]
  /// How often a file was read.
  package private(set) var reads = 0

  /// - Parameter read: gives the text of a source file; `nil` when there is none to be read.
  package init(read: @escaping (String) -> String? = SourceFile.read) {
    self.read = read
  }

  /// Findings come by variable, so that few files are wanted at a time.
  private static let mostFiles = 64

  /// A line, from 1, without its end; `nil` when there is no such file or line.
  package func line(_ number: Int, of file: String) -> Substring? {
    let lines = lines(of: file)
    return number > 0 && number <= lines.count ? lines[number - 1] : nil
  }

  private func lines(of file: String) -> [Substring] {
    if let known = files[file] { return known }
    if files.count == Self.mostFiles { files.removeAll() }
    reads += 1
    let lines = (read(file) ?? "").sourceLines
    files[file] = lines
    return lines
  }
}

/// Reads files of the size that sources have.
package enum SourceFile {
  /// The text of the file at `path`; `nil` when it cannot be read or is no source.
  package static func read(_ path: String) -> String? {
    guard let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int,
      size < 8 << 20, let data = FileManager.default.contents(atPath: path)
    else { return nil }
    return String(decoding: data, as: UTF8.self)
  }
}
