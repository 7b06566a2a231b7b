/// What a function's symbol says about what it is called with: whose method it is, and of which
/// types its parameters are.
package struct CodeContext: Hashable, Sendable {
  /// The compiler splits an asynchronous function where it may be suspended.
  package enum Part: Hashable, Sendable {
    /// Not asynchronous.
    case whole
    /// Up to the first suspension.
    case start
    /// After it changed its executor.
    case afterSwitch
    /// After a call that was awaited.
    case afterAwait
  }

  package var part = Part.whole
  /// The symbol of the function that this is a part of.
  package var family: String
  /// Module, types and member from the outside in; of a closure, those of what it is written in.
  package private(set) var path: [String] = []
  /// Types as `demangle` spells them, `Swift.Int`.
  package private(set) var parameters: [String] = []
  package private(set) var result: String?
  /// A closure, or a function in a function: what it captures comes as additional parameters.
  package private(set) var isNested = false
  /// Unpacks a closure's context.
  package private(set) var isForwarder = false
  /// A method that is called on the type.
  package private(set) var isStatic = false
  /// A copy for certain arguments: not all parameters need be there.
  package private(set) var isSpecialized = false
  /// Made by the compiler, with parameters of its own.
  package private(set) var isThunk = false

  /// For a symbol that is not Swift's, only the name itself.
  package init(symbol: String) {
    family = symbol
    var symbol = symbol
    while let part = Self.part(symbol) {
      if self.part == .whole { self.part = part }
      symbol = String(symbol[..<symbol.lastIndex(of: "T")!])
    }
    family = symbol
    if symbol == "async_Main" { return }
    guard let demangled = demangle(symbol) else { return }
    parse(Substring(demangled))
  }

  /// `TQ0_` and `TY1_` at the end.
  private static func part(_ symbol: String) -> Part? {
    guard symbol.hasSuffix("_"), let start = symbol.lastIndex(of: "T") else { return nil }
    let tail = symbol.utf8[start...].dropFirst()
    guard let kind = tail.first, tail.dropFirst().dropLast().allSatisfy({ (48...57).contains($0) })
    else { return nil }
    return kind == UInt8(ascii: "Q") ? .afterAwait : kind == UInt8(ascii: "Y") ? .afterSwitch : nil
  }

  private mutating func parse(_ name: Substring) {
    var rest = name
    if let suffix = rest.firstRange(of: " with unmangled suffix ") {
      rest = rest[..<suffix.lowerBound]
    }
    stripping: while true {
      if rest.drop(prefix: "static ") {
        isStatic = true
      } else if rest.drop(prefix: "merged ") {
        continue
      } else if rest.drop(prefix: "partial apply forwarder for ") {
        isForwarder = true
      } else if rest.hasPrefix("function signature specialization <")
        || rest.hasPrefix("generic specialization <")
        || rest.hasPrefix("generic not re-abstracted specialization <")
        || rest.hasPrefix("generic partial specialization <")
      {
        guard let bracket = rest.firstIndex(of: "<"), let end = rest[bracket...].endOfBrackets
        else { break stripping }
        if rest.hasPrefix("function") { isSpecialized = true }
        rest = rest[end...]
        guard rest.drop(prefix: " of ") else { break stripping }
      } else if rest.hasPrefix("closure #") || rest.hasPrefix("implicit closure #") {
        guard let context = rest.topLevelRange(of: " in ") else { break stripping }
        if !isNested { signature(rest[..<context.lowerBound]) }
        isNested = true
        rest = rest[context.upperBound...]
      } else {
        break
      }
    }
    isThunk = Self.thunks.contains { rest.hasPrefix($0) }
    if isThunk { return }
    if let context = rest.topLevelRange(of: " in "), rest.hasFunctionNumber {
      // `helper #1 (Swift.Int) -> () in Shop.run() -> ()`
      if !isNested { signature(rest[..<context.lowerBound]) }
      isNested = true
      rest = rest[context.upperBound...]
    }
    if !isNested { signature(rest) }
    path = Entity(rest).path
  }

  private static let thunks = [
    "protocol witness", "reabstraction thunk", "dispatch thunk", "outlined ", "type metadata",
    "vtable thunk", "associated ", "lazy protocol", "method lookup", "base witness",
    "default associated", "one-time initialization", "variable initialization expression",
    "property wrapper", "value witness", "demangling cache", "nominal type",
    "default argument", "metadata instantiation", "@objc ", "curry thunk",
  ]

  /// Parameters and result of `name(Swift.Int, to: Shop.Shelf) async throws -> Shop.Shelf`, or the
  /// type of `getter : Shop.Shelf`.
  private mutating func signature(_ declaration: Substring) {
    if let colon = declaration.topLevelRange(of: " : ") {
      result = String(declaration[colon.upperBound...])
      return
    }
    guard let arrow = declaration.topLevelRange(of: " -> ") else { return }
    result = String(declaration[arrow.upperBound...])
    var head = declaration[..<arrow.lowerBound]
    for effect in [" throws", " async"] where head.hasSuffix(effect) {
      head = head.dropLast(effect.count)
    }
    while let open = head.topLevelRange(of: "(") {
      guard let end = head[open.lowerBound...].endOfBrackets else { return }
      if end == head.endIndex {
        let list = head[open.upperBound...].dropLast()
        parameters = list.isEmpty ? [] : list.topLevelFields(separatedBy: ", ").map(Self.type)
        return
      }
      head = head[end...]
    }
  }

  /// Without label and ownership.
  private static func type(_ parameter: Substring) -> String {
    var type = parameter
    if let colon = type.topLevelRange(of: ": ") { type = type[colon.upperBound...] }
    for word in ["__owned ", "__shared ", "owned ", "shared ", "sending "] {
      _ = type.drop(prefix: word)
    }
    return String(type)
  }
}

extension Substring {
  /// Whether this starts with a function's name and its number in another function.
  fileprivate var hasFunctionNumber: Bool {
    guard let hash = topLevelRange(of: " #") else { return false }
    return self[hash.upperBound...].first?.isNumber == true
      && (topLevelRange(of: " in ").map { hash.lowerBound < $0.lowerBound } ?? false)
  }
}

extension CodeContext {
  /// How the paths of accessors of variables end.
  package static let accessors: Set<String> = [
    "getter", "setter", "modify", "read", "modify2", "read2",
  ]

  /// Full name of a type that is spelled with its modules, without generic arguments, optionality
  /// and ownership; `nil` for what is no declared type.
  package static func typeName(_ text: String) -> String? {
    var type = Substring(text)
    for word in ["weak ", "unowned ", "unowned(unsafe) ", "__owned ", "__shared "] {
      _ = type.drop(prefix: word)
    }
    while type.hasSuffix("?") { type = type.dropLast() }
    if type.hasPrefix("Swift.Optional<"), type.hasSuffix(">") {
      type = type.dropFirst("Swift.Optional<".count).dropLast()
    }
    guard let first = type.utf8.first, first.isIdentifier, type.topLevelRange(of: " ") == nil
    else { return nil }
    return Entity(type).path.joined(separator: ".")
  }
}
