/// Types by the letter that the mangling has for them.
typealias StandardTypes = [UInt8: NominalType]

private func table(
  _ module: String, _ kind: NominalType.Kind, _ types: KeyValuePairs<Character, String>
) -> StandardTypes {
  var table = StandardTypes()
  for (letter, name) in types {
    table[letter.asciiValue!] = NominalType(
      kind: kind, module: module, path: [NominalType.Component(name: name)])
  }
  return table
}

extension TypeDemangler {
  /// Types that are spelled by one letter after `S`.
  static let standardTypes: StandardTypes = [
    table(
      "Swift", .structure,
      [
        "A": "AutoreleasingUnsafeMutablePointer", "a": "Array", "b": "Bool", "D": "Dictionary",
        "d": "Double", "f": "Float", "h": "Set", "I": "DefaultIndices", "i": "Int",
        "J": "Character", "N": "ClosedRange", "n": "Range", "O": "ObjectIdentifier",
        "P": "UnsafePointer", "p": "UnsafeMutablePointer", "R": "UnsafeBufferPointer",
        "r": "UnsafeMutableBufferPointer", "S": "String", "s": "Substring", "u": "UInt",
        "V": "UnsafeRawPointer", "v": "UnsafeMutableRawPointer", "W": "UnsafeRawBufferPointer",
        "w": "UnsafeMutableRawBufferPointer",
      ]),
    table("Swift", .enumeration, ["q": "Optional"]),
    table(
      "Swift", .protocol,
      [
        "B": "BinaryFloatingPoint", "E": "Encodable", "e": "Decodable", "F": "FloatingPoint",
        "G": "RandomNumberGenerator", "H": "Hashable", "j": "Numeric",
        "K": "BidirectionalCollection", "k": "RandomAccessCollection", "L": "Comparable",
        "l": "Collection", "M": "MutableCollection", "m": "RangeReplaceableCollection",
        "Q": "Equatable", "T": "Sequence", "t": "IteratorProtocol", "U": "UnsignedInteger",
        "X": "RangeExpression", "x": "Strideable", "Y": "RawRepresentable", "y": "StringProtocol",
        "Z": "SignedInteger", "z": "BinaryInteger",
      ]),
  ].reduce(into: [:]) { $0.merge($1) { $1 } }

  /// Those spelled by one letter after `Sc`.
  static let concurrencyTypes: StandardTypes = [
    table(
      "Swift", .structure,
      [
        "C": "CheckedContinuation", "c": "UnsafeContinuation", "E": "CancellationError",
        "e": "UnownedSerialExecutor", "G": "TaskGroup", "g": "ThrowingTaskGroup",
        "J": "UnownedJob", "P": "TaskPriority", "S": "AsyncStream", "s": "AsyncThrowingStream",
        "T": "Task", "t": "UnsafeCurrentTask",
      ]),
    table("Swift", .class, ["M": "MainActor"]),
    table(
      "Swift", .protocol,
      [
        "A": "Actor", "F": "Executor", "f": "SerialExecutor", "h": "TaskExecutor",
        "I": "AsyncIteratorProtocol", "i": "AsyncSequence",
      ]),
  ].reduce(into: [:]) { $0.merge($1) { $1 } }

  /// The symbol of the type's descriptor, where it can be spelled without the abbreviations that
  /// the compiler would use. A wrong guess names nothing.
  static func descriptorSymbol(of type: NominalType) -> String? {
    let suffix = type.kind == .protocol ? "Mp" : "Mn"
    for (prefix, table) in [("S", standardTypes), ("Sc", concurrencyTypes)] {
      if let letter = table.first(where: { $0.value.isSameDeclaration(as: type) })?.key {
        return "$s\(prefix)\(Character(UnicodeScalar(letter)))\(suffix)"
      }
    }
    let module =
      switch type.module {
      case "Swift": "s"
      case "__C": "So"
      default: "\(type.module.utf8.count)\(type.module)"
      }
    let kind =
      switch type.kind {
      case .structure: "V"
      case .class: "C"
      case .enumeration: "O"
      case .alias: "a"
      case .protocol, .other: ""
      }
    guard type.path.count == 1, type.module != type.path[0].name else { return nil }
    return "$s\(module)\(type.path[0].name.utf8.count)\(type.path[0].name)\(kind)\(suffix)"
  }
}
