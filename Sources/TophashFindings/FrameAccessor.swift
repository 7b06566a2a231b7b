import TophashSymbols

extension Frame {
  /// True for the compiler's accessor of the property that `variable` names; the access was
  /// written in its caller.
  package func isAccessor(of variable: Variable) -> Bool {
    guard let owner = accessedProperty else { return false }
    let property = variable.name.split(separator: ".").last.map(String.init) ?? variable.name
    return owner == property || owner.hasSuffix("." + property)
  }

  /// True for an accessor, of any property, that the compiler made: it has no line.
  var isMadeAccessor: Bool { location == nil && accessedProperty != nil }

  /// Of an accessor, the path of what it is for.
  private var accessedProperty: Substring? {
    guard let dot = function.lastIndex(of: "."),
      Self.accessors.contains(String(function[function.index(after: dot)...]))
    else { return nil }
    return function[..<dot]
  }

  private static let accessors: Set<String> = [
    "getter", "setter", "modify", "read", "modify2", "read2", "unsafeMutableAddressor",
    "unsafeAddressor",
  ]
}
