/// Finds what a mistyped word may have been meant to be.
enum Suggestion {
  /// The candidate that takes the fewest edits, when those are few for the word's length.
  static func nearest(to word: String, among candidates: [String]) -> String? {
    let best = candidates.map { (distance($0, word), $0) }.min { $0.0 < $1.0 }
    guard let (edits, candidate) = best, edits <= max(1, (word.count + 1) / 3) else { return nil }
    return candidate
  }

  /// Levenshtein's distance: insertions, deletions and replacements from one to the other.
  static func distance(_ one: String, _ other: String) -> Int {
    let other = Array(other)
    var row = Array(0...other.count)
    for (index, character) in one.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for column in other.indices {
        let replaced = diagonal + (character == other[column] ? 0 : 1)
        diagonal = row[column + 1]
        row[column + 1] = min(replaced, diagonal + 1, row[column] + 1)
      }
    }
    return row[other.count]
  }
}
