/// A site at which accesses are held open, and what came of it over all runs so far.
package struct Trap: Hashable, Sendable, Codable {
  /// What stays the same when the program is built again: the image's file name, and the
  /// announcement within the function, or its address where there are no symbols.
  package struct Key: Hashable, Sendable {
    package var image: String
    package var symbol: String
    /// Which announcement in the function, from 0. Without a symbol, the address in the file.
    package var call: UInt64

    package init(image: String, symbol: String, call: UInt64) {
      self.image = image
      self.symbol = symbol
      self.call = call
    }
  }

  package var image: String
  package var symbol: String
  package var call: UInt64
  /// Of the image when the trap was last set.
  package var buildID: String
  /// How long an access is held there, in microseconds.
  package var holdMicroseconds: UInt64
  package var nearMisses: UInt64
  package var holds: UInt64
  package var caught: UInt64
  /// What it has cost.
  package var heldMicroseconds: UInt64
  /// Runs in a row that held here and caught nothing.
  package var quietRuns: UInt64

  package init(_ key: Key, buildID: String) {
    image = key.image
    symbol = key.symbol
    call = key.call
    self.buildID = buildID
    (holdMicroseconds, nearMisses, holds, caught, heldMicroseconds, quietRuns) = (0, 0, 0, 0, 0, 0)
  }

  package var key: Key { Key(image: image, symbol: symbol, call: call) }

  /// A trap that has held in vain in so many runs is given up. A new near miss sets it again.
  static let patience: UInt64 = 10

  /// Takes in what one run did here.
  mutating func learn(_ visit: SiteVisit, buildID: String) {
    self.buildID = buildID
    if visit.holdTime > 0 { holdMicroseconds = max(1, visit.holdTime / 1000) }
    nearMisses &+= UInt64(visit.nearMisses)
    holds &+= UInt64(visit.holds)
    caught &+= UInt64(visit.caught)
    heldMicroseconds &+= visit.heldNanoseconds / 1000
    if visit.caught > 0 {
      quietRuns = 0
    } else if visit.holds > 0 {
      quietRuns &+= 1
    }
  }
}

extension Trap.Key: Comparable {
  package static func < (one: Self, other: Self) -> Bool {
    (one.image, one.symbol, one.call) < (other.image, other.symbol, other.call)
  }
}
