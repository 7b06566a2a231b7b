import TophashSymbols

extension Frame {
  /// True for the compiler's accessor of the property that `variable` names; the access was
  /// written in its caller.
  package func isAccessor(of variable: Variable) -> Bool {
    guard let dot = function.lastIndex(of: "."),
      Self.accessors.contains(String(function[function.index(after: dot)...]))
    else { return false }
    let property = variable.name.split(separator: ".").last.map(String.init) ?? variable.name
    let owner = function[..<dot]
    return owner == property || owner.hasSuffix("." + property)
  }

  private static let accessors: Set<String> = [
    "getter", "setter", "modify", "read", "modify2", "read2", "unsafeMutableAddressor",
    "unsafeAddressor",
  ]
}
