import TophashSymbols

/// What the probe will be able to see of a binary: every variable and every place where one is
/// accessed, and, where nothing can be seen, why.
package struct Inspection: Sendable {
  /// The path as it was given.
  package var binary: String
  package var buildID: String?
  /// In the order of module and name.
  package var variables: [InspectedVariable]
  /// Accesses of variables that could not be told, in the order of the code.
  package var unresolved: [AccessSite]
  /// Uniqueness checks in code that serves many variables.
  package var sharedGates: Int
  package var isExclusivityChecked: Bool
  package var hasSymbols: Bool
  package var hasLines: Bool
  /// Functions with a part that could not be read as code.
  package var unreadFunctions: Int

  package init(
    binary: String, buildID: String?, variables: [InspectedVariable], unresolved: [AccessSite],
    sharedGates: Int, isExclusivityChecked: Bool, hasSymbols: Bool, hasLines: Bool,
    unreadFunctions: Int
  ) {
    self.binary = binary
    self.buildID = buildID
    self.variables = variables
    self.unresolved = unresolved
    self.sharedGates = sharedGates
    self.isExclusivityChecked = isExclusivityChecked
    self.hasSymbols = hasSymbols
    self.hasLines = hasLines
    self.unreadFunctions = unreadFunctions
  }
}

/// How well the probe sees a variable.
package enum Visibility: String, Sendable, CaseIterable, Codable {
  /// At least one access has a begin and an end: a conflict can be caught.
  case tracked
  /// Accesses are announced, but have no end: they are counted, and prove nothing.
  case instantaneous
  /// Only the question whether storage is shared, which comes before a change in place.
  case gate
  /// No access is announced.
  case nothing
  /// No access was found, but some were found whose variable could not be told.
  case unclear
}

/// Why nothing can be seen of a variable.
package enum BlindReason: String, Sendable, CaseIterable, Codable {
  /// A `let`: it does not change after initialisation, and needs no check.
  case constant
  /// The binary has no exclusivity checks at all.
  case unchecked
  /// It is used, and the compiler proved that no use can overlap another on one thread.
  case optimisedAway
  /// Used without a check; a global of which it cannot be told whether it is a `let`.
  case constantOrOptimisedAway
  /// No use was found beside its initialisation.
  case unused
}

package struct InspectedVariable: Hashable, Sendable {
  package var variable: Variable
  package var visibility: Visibility
  /// For `nothing` only.
  package var reason: BlindReason?
  /// In the order of the source, as far as it is known.
  package var sites: [AccessSite]
  /// Functions that use it without a check; counted where there is no site.
  package var uncheckedFunctions: Int

  package init(
    variable: Variable, visibility: Visibility, reason: BlindReason? = nil, sites: [AccessSite],
    uncheckedFunctions: Int
  ) {
    self.variable = variable
    self.visibility = visibility
    self.reason = reason
    self.sites = sites
    self.uncheckedFunctions = uncheckedFunctions
  }
}

/// A place in the code where a variable is accessed.
package struct AccessSite: Hashable, Sendable {
  package enum Kind: String, Sendable, Codable {
    case read, modify, gate
    /// The flags are computed.
    case unknown
  }

  /// Where the announcement returns to, in the file: what an event of the probe carries.
  package var address: UInt64
  package var kind: Kind
  /// Whether an end follows.
  package var isTracked: Bool
  /// An accessor that the compiler made, and that nothing in the binary calls.
  package var isIdle: Bool
  /// The function as a reader would write it.
  package var function: String
  package var location: SourceLocation?

  package init(
    address: UInt64, kind: Kind, isTracked: Bool, isIdle: Bool, function: String,
    location: SourceLocation?
  ) {
    self.address = address
    self.kind = kind
    self.isTracked = isTracked
    self.isIdle = isIdle
    self.function = function
    self.location = location
  }
}

extension Inspection {
  package func count(_ visibility: Visibility) -> Int {
    variables.count { $0.visibility == visibility }
  }

  /// All sites that may be reached, of known and of unknown variables.
  package var sites: [AccessSite] {
    variables.flatMap(\.sites).filter { !$0.isIdle } + unresolved
  }
}
