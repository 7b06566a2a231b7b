/// A text with wildcards: `*` stands for any characters, slashes and none included, `?` for one.
package struct Pattern: Hashable, Sendable {
  package let text: String
  private let pieces: [UInt8]

  package init(_ text: String) {
    self.text = text
    pieces = Array(text.utf8)
  }

  /// Whether only the pattern's own text fits it.
  package var isExact: Bool { !pieces.contains(Self.any) && !pieces.contains(Self.one) }

  private static let any = UInt8(ascii: "*")
  private static let one = UInt8(ascii: "?")

  /// Whether the whole of `candidate` fits.
  ///
  /// After a mismatch, the last `*` takes one byte more; an earlier one never has to.
  ///
  /// - Complexity: O(*n* × *m*) for pattern and candidate, O(*n*) where there is no `*`.
  package func matches(_ candidate: String) -> Bool {
    let bytes = Array(candidate.utf8)
    var (place, piece) = (0, 0)
    var retry: (place: Int, piece: Int)?
    while place < bytes.count {
      if piece < pieces.count, pieces[piece] == Self.any {
        piece += 1
        retry = (place, piece)
      } else if piece < pieces.count, pieces[piece] == Self.one {
        // One character, which may be several bytes.
        repeat { place += 1 } while place < bytes.count && bytes[place] & 0xc0 == 0x80
        piece += 1
      } else if piece < pieces.count, pieces[piece] == bytes[place] {
        place += 1
        piece += 1
      } else if let last = retry {
        retry = (last.place + 1, last.piece)
        (place, piece) = (last.place + 1, last.piece)
      } else {
        return false
      }
    }
    return pieces[piece...].allSatisfy { $0 == Self.any }
  }
}
