/// The variable that an address belongs to, as a Swift reader would name it.
package struct Variable: Hashable, Sendable {
  package enum Kind: String, Sendable, Codable {
    case classProperty, actorProperty, capturedVariable, global, staticProperty, unknown
    /// A variable of which only the storage is known that it refers to.
    case storage
  }

  package var kind: Kind
  /// The declaring module, when known: `Warehouse`.
  package var module: String?
  /// Type and property path without the module: `Inventory.stock`, `Session.state.cache`; for a
  /// captured variable without a known name, `captured variable`; `storage` for one of which no
  /// more is known.
  package var name: String
  /// The type in source form, `[String: Int]`; `nil` when it cannot be told.
  package var type: String?
  /// The type fully qualified, `Swift.Dictionary<Swift.String, Swift.Int>`; for fingerprints and rules.
  package var qualifiedType: String?

  package init(
    kind: Kind, module: String?, name: String, type: String?, qualifiedType: String? = nil
  ) {
    self.kind = kind
    self.module = module
    self.name = name
    self.type = type
    self.qualifiedType = qualifiedType
  }
}
