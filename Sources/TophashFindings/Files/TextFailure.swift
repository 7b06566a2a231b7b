/// A mistake in a file that people or programs wrote, with its place.
package struct TextFailure: Error, Hashable, CustomStringConvertible {
  package var file: String
  /// From 1.
  package var line: Int
  /// From 1, in bytes.
  package var column: Int
  package var what: String
  /// What to do about it.
  package var remedy: String

  package init(file: String, line: Int, column: Int, what: String, remedy: String) {
    self.file = file
    self.line = line
    self.column = column
    self.what = what
    self.remedy = remedy
  }

  /// Where and what: `report.json:3:14: 'seed' is missing`.
  package var place: String { "\(file):\(line):\(column): \(what)" }

  package var description: String { "\(place); \(remedy)" }
}
