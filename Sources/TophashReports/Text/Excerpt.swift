import Foundation
import TophashSymbols

/// One line of source with a mark under the column.
struct Excerpt {
  /// Gives the text of a source file; `nil` when there is none to be read.
  typealias Reader = (String) -> String?

  private let number: String
  private let text: String
  private let padding: String?

  /// `nil` when the file cannot be read, or does not have that line (any more).
  init?(at location: SourceLocation, reader: Reader) {
    guard location.line > 0, let source = reader(location.file) else { return nil }
    let lines = source.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.indices.contains(location.line - 1) else { return nil }
    let line = lines[location.line - 1]
    guard line.contains(where: { !$0.isWhitespace }) else { return nil }
    number = String(location.line)
    text = String(line).trimmingCharacters(in: .newlines)
    // Columns count bytes. A tab stays a tab, so that the mark stands where the reader looks.
    let before = location.column - 1
    padding =
      before >= 0 && before < line.utf8.count
      ? String(
        String(decoding: line.utf8.prefix(before), as: UTF8.self).map { $0 == "\t" ? $0 : " " })
      : nil
  }

  func lines(indent: String, style: Style) -> [String] {
    let margin = String(repeating: " ", count: number.count)
    let source = indent + style.faint("\(number) | ") + text
    guard let padding else { return [source] }
    return [source, indent + style.faint("\(margin) | ") + padding + style.mark("^")]
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
