/// Which tracked sites of a binary ran, as the probe saw it.
package struct SiteActivity: Hashable, Sendable {
  /// Return addresses in the file.
  package var ran: Set<UInt64>
  /// Those that came to a variable which another task or thread had used before.
  package var shared: Set<UInt64>

  package init(ran: Set<UInt64> = [], shared: Set<UInt64> = []) {
    self.ran = ran
    self.shared = shared
  }

  /// Whether several tasks or threads used the variable.
  func isShared(_ variable: InspectedVariable) -> Bool {
    variable.sites.contains { shared.contains($0.address) }
  }
}
