import TophashSymbols

/// A variable that is watched, and what happened to it.
package struct WatchedVariable: Sendable {
  package var variable: Variable
  /// Bytes that are watched, from the first one.
  package var length: Int
  /// Of the whole value; `nil` when not known.
  package var size: Int?
  /// An entry of a dictionary.
  package var isEntry: Bool
  /// Its places are known, and not its name.
  package var isFoundByAccess: Bool
  /// Objects that were made, and how many of them were watched; 0 for a global.
  package var objects = 0
  package var watchedObjects = 0
  package var sites: [WatchSite] = []
  package var hits: [WatchHit] = []

  package init(
    variable: Variable, length: Int, size: Int?, isEntry: Bool = false,
    isFoundByAccess: Bool = false
  ) {
    self.isEntry = isEntry
    self.isFoundByAccess = isFoundByAccess
    self.variable = variable
    self.length = length
    self.size = size
  }
}

/// What an instruction does to a variable.
package enum WatchOperation: String, Hashable, Sendable, Codable {
  case read, write
  /// By an instruction that no other can come between.
  case atomic
  /// The runtime's checks said that it may.
  case modify
  /// An entry came to be, or is gone.
  case insert, remove
}

/// A place in the program from which a variable was used.
package struct WatchSite: Sendable {
  package var operation: WatchOperation
  /// With one of its stacks.
  package var side: Side
  package var count: Int
  /// How often by whom, in the order of first appearance.
  package var owners: [(owner: Owner, count: Int)]
}

/// One use, with the place's number among `WatchedVariable.sites`.
package struct WatchHit: Sendable {
  /// Since the first one of the process.
  package var nanoseconds: UInt64
  package var pid: Int32
  package var object: Int
  package var owner: Owner
  package var site: Int
  package var before: UInt64?
  package var after: UInt64?
}
