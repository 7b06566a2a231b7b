import CTophashProtocol

/// A stretch of work with a name, such as a test: what ran in it, and all that this started.
package struct Scope: Hashable, Sendable {
  package var name: String
  /// The number of the scope in which it was entered; 0 when in none.
  package var parent: UInt32

  package init(name: String, parent: UInt32 = 0) {
    self.name = name
    self.parent = parent
  }

  /// The scopes of a process, by number.
  static func all(_ reader: ByteReader, at start: Int) throws(EventFileError) -> [UInt32: Scope] {
    var scopes: [UInt32: Scope] = [:]
    for number in 1..<UInt32(TOPHASH_SCOPES) {
      let base = start + Int(number) * MemoryLayout<tophash_scope>.stride
      let complete: UInt32 = 2
      guard try reader.field(\tophash_scope.state, of: base) == complete else { continue }
      scopes[number] = Scope(
        name: try reader.text(\tophash_scope.name, of: base),
        parent: try reader.field(\tophash_scope.parent, of: base))
    }
    return scopes
  }
}

extension EventFile {
  /// The names of the scope `number` and of those around it, innermost first.
  ///
  /// In an undamaged file parents have lower numbers; where they do not, the chain ends.
  package func scopeNames(from number: UInt32) -> [String] {
    var names: [String] = []
    var number = number
    while let scope = scopes[number] {
      names.append(scope.name)
      guard scope.parent < number else { break }
      number = scope.parent
    }
    return names
  }
}
