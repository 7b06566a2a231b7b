/// A function as a Swift reader would write it, from the symbol that the compiler gave it.
///
/// Left out: modules, generic arguments, argument and result types, specialisations, the parts
/// into which the compiler cuts an `async` function. `closure #1 in Warehouse.simulate()` and
/// `Inventory.stock.modify` are such names. What is not Swift stays as it is.
package struct FunctionName: Hashable, Sendable {
  /// The name in words.
  package private(set) var text: String
  /// The module that declares it, when it can be told.
  package private(set) var module: String?
  /// Whether the compiler made it up and it holds no code that anyone wrote: a forwarder, a
  /// witness, a metadata accessor.
  package private(set) var isThunk: Bool
  /// Whether the compiler made it of several functions alike, of which this is one.
  package private(set) var isMerged = false

  /// The name behind `symbol`, mangled or not.
  package init(symbol: String) {
    if symbol == "async_Main" || symbol.hasPrefix("async_MainT") {
      self.init(text: "main", module: nil, isThunk: false)
    } else if let demangled = demangle(symbol) {
      self.init(demangled: demangled)
      module = module ?? Self.module(ofMangled: symbol)
    } else if symbol.hasPrefix("Swift runtime failure: ") {
      // What the compiler calls the traps that it inlines.
      self.init(text: symbol, module: "Swift", isThunk: false)
    } else {
      self.init(text: symbol, module: nil, isThunk: false)
    }
  }

  /// The name behind what `demangle` returned.
  package init(demangled: String) {
    var name = Substring(demangled)
    if let suffix = name.firstRange(of: " with unmangled suffix ") {
      name = name[..<suffix.lowerBound]
    }
    self.init(name, depth: 0)
    // A name in back-quotes comes with no-break spaces, which nobody can type or search for.
    if text.contains("`") { text = String(text.map { $0 == "\u{a0}" ? " " : $0 }) }
  }

  private init(text: String, module: String?, isThunk: Bool) {
    self.text = text
    self.module = module
    self.isThunk = isThunk
  }

  /// The module at the start of a mangled name, `$s9Warehouse…`.
  private static func module(ofMangled symbol: String) -> String? {
    guard symbol.hasPrefix("$s") else { return nil }
    let rest = symbol.utf8.dropFirst(2)
    let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard digits.first != UInt8(ascii: "0"), let count = Int(Substring(digits)) else { return nil }
    return String(rest.dropFirst(digits.count).prefix(count))
  }
}

// MARK: - Wrappers

extension FunctionName {
  /// What the compiler puts before the name of the function that something is made for.
  private struct Wrapper {
    var prefix: String
    /// Stands in its place.
    var words = ""
    var isThunk = false
    var isMerged = false
  }

  private static let wrappers = [
    Wrapper(prefix: "merged ", isMerged: true),
    Wrapper(prefix: "static "),
    Wrapper(prefix: "back deployment fallback for "),
    Wrapper(prefix: "variable initialization expression of ", words: "initial value of "),
    Wrapper(prefix: "one-time initialization function for ", words: "initialization of "),
    Wrapper(prefix: "property wrapper backing initializer of ", words: "initial value of "),
    Wrapper(prefix: "partial apply forwarder for ", isThunk: true),
    Wrapper(prefix: "partial apply ObjC forwarder for ", isThunk: true),
    Wrapper(prefix: "partial apply for ", isThunk: true),
    Wrapper(prefix: "dispatch thunk of ", isThunk: true),
    Wrapper(prefix: "distributed thunk ", isThunk: true),
    Wrapper(prefix: "back deployment thunk for ", isThunk: true),
    Wrapper(prefix: "curry thunk of ", isThunk: true),
    Wrapper(prefix: "@objc ", isThunk: true),
    Wrapper(prefix: "@nonobjc ", isThunk: true),
    Wrapper(prefix: "async function pointer to ", isThunk: true),
    Wrapper(prefix: "method descriptor for ", isThunk: true),
    Wrapper(prefix: "key path getter for ", words: "key path to ", isThunk: true),
    Wrapper(prefix: "key path setter for ", words: "key path to ", isThunk: true),
  ]

  /// Names nest no deeper than this in practice by far; beyond, the rest stays as it is.
  private static let depthLimit = 32

  private init(_ name: Substring, depth: Int) {
    guard depth < Self.depthLimit else {
      self.init(text: String(name), module: nil, isThunk: false)
      return
    }
    for wrapper in Self.wrappers where name.hasPrefix(wrapper.prefix) {
      self.init(name.dropFirst(wrapper.prefix.count), depth: depth + 1)
      text = wrapper.words + text
      isThunk = isThunk || wrapper.isThunk
      isMerged = isMerged || wrapper.isMerged
      return
    }
    if let inner = Self.specialized(name) ?? Self.resumed(name) ?? Self.dispatched(name) {
      self.init(inner, depth: depth + 1)
      isThunk = isThunk || name.hasPrefix("vtable thunk ")
      return
    }
    if name.hasPrefix("reabstraction thunk") {
      self.init(text: "reabstraction thunk", module: nil, isThunk: true)
    } else if name.hasPrefix("default argument "), let of = name.firstRange(of: " of ") {
      self.init(name[of.upperBound...], depth: depth + 1)
      text = name[..<of.upperBound] + text
    } else if let witness = Self.witness(name) {
      self = witness
    } else if let metadata = Self.metadata(name) {
      self = metadata
    } else {
      self.init(nested: name, depth: depth)
    }
  }

  /// The generic or unspecialised function behind a specialisation.
  private static func specialized(_ name: Substring) -> Substring? {
    let head = name.prefix { $0 != "<" }
    guard head.hasSuffix("specialization ") else { return nil }
    let arguments = name[head.endIndex...]
    if let end = arguments.endOfBrackets, name[end...].hasPrefix(" of ") {
      return name[end...].dropFirst(4)
    }
    // A propagated string constant may hold brackets of its own.
    return arguments.firstRange(of: "> of ").map { arguments[$0.upperBound...] }
  }

  /// The `async` function behind one of its parts: `(2) await resume partial function for …`.
  private static func resumed(_ name: Substring) -> Substring? {
    guard name.hasPrefix("("), let range = name.firstRange(of: " resume partial function for "),
      name[..<range.lowerBound].hasSuffix("await") || name[..<range.lowerBound].hasSuffix("suspend")
    else { return nil }
    return name[range.upperBound...]
  }

  /// The method that a `vtable thunk for … dispatching to …` calls.
  private static func dispatched(_ name: Substring) -> Substring? {
    guard name.hasPrefix("vtable thunk for ") else { return nil }
    return name.topLevelRange(of: " dispatching to ").map { name[$0.upperBound...] }
  }

  /// `protocol witness for Swift.Hashable.hash(into: …) in conformance Demo.Point : …` is
  /// `Point.hash(into:)`.
  private static func witness(_ name: Substring) -> FunctionName? {
    var name = name
    guard name.drop(prefix: "protocol witness for "),
      let range = name.topLevelRange(of: " in conformance ")
    else { return nil }
    var requirement = name[..<range.lowerBound]
    _ = requirement.drop(prefix: "static ")
    var type = name[range.upperBound...].beforeTopLevel(" : ")
    if type.hasPrefix("<"), let end = type.endOfBrackets { type = type[end...].dropFirst() }
    let member = Entity(requirement).path.dropFirst(2).joined(separator: ".")
    let module = type.contains(".") ? type.prefix { $0.isLetter || $0.isNumber || $0 == "_" } : nil
    let text = simplifyType(String(type), droppingModule: module.map(String.init))
    return FunctionName(
      text: "\(text).\(member)", module: module.map(String.init), isThunk: true)
  }

  /// `type metadata accessor for Demo.Point`, `outlined copy of …` and their like: several words,
  /// where a declaration would start with a path.
  private static func metadata(_ name: Substring) -> FunctionName? {
    let first = name.utf8.prefix { $0.isIdentifier }
    let next = name[first.endIndex...]
    guard !first.isEmpty, next.hasPrefix(" "), !next.hasPrefix(" #"), !next.hasPrefix(" in "),
      !next.hasPrefix(" infix"), !next.hasPrefix(" closure #"), !next.hasPrefix(" of ")
    else { return nil }
    let link = name.topLevelRange(of: " for ") ?? name.topLevelRange(of: " of ")
    guard let link else { return FunctionName(text: String(name), module: nil, isThunk: true) }
    let type = simplifyType(String(name[link.upperBound...]))
    return FunctionName(text: name[..<link.upperBound] + type, module: nil, isThunk: true)
  }
}

// MARK: - Entities

extension FunctionName {
  /// A name that may lie in another: `closure #1 (Swift.Int) -> () in Demo.Point.move() -> ()`.
  private init(nested name: Substring, depth: Int) {
    guard let range = name.topLevelRange(of: " in ") else {
      let entity = Entity(name)
      let path = entity.path
      if let last = path.last, Self.isMadeByMacro(last) {
        self.init(text: Self.macroExpansion, module: path.first, isThunk: true)
        return
      }
      // The first word is the module, save for a name that stands alone.
      let hasModule = path.count > 1
      self.init(
        text: path.dropFirst(hasModule ? 1 : 0).joined(separator: "."),
        module: entity.extensionModule ?? (hasModule ? path.first : nil), isThunk: entity.isThunk)
      return
    }
    let local = name[..<range.lowerBound]
    let context = Self.contextAfterLocalResult(name) ?? name[range.upperBound...]
    if context.utf8.allSatisfy(\.isIdentifier) {
      // Directly in a module: in the code at the top level of `main.swift`.
      self.init(text: "main", module: String(context), isThunk: false)
    } else {
      self.init(context, depth: depth + 1)
    }
    // A macro's code is as little the reader's when it is a closure.
    if text == Self.macroExpansion { return }
    if let closure = Self.closure(local) {
      text = "\(closure) in \(text)"
      isThunk = false
    } else {
      let entity = Entity(local)
      if entity.path.last.map(Self.isMadeByMacro) == true {
        (text, isThunk) = (Self.macroExpansion, true)
        return
      }
      let member = entity.path.joined(separator: ".")
      // A member of a local type belongs to the type first.
      let isMember = Entity.isLocalType(context.beforeTopLevel(" in "))
      text = isMember ? Self.join(member, inside: text) : "\(member) in \(text)"
      isThunk = isThunk || entity.isThunk
    }
  }

  private static let macroExpansion = "macro expansion"

  /// Names that a macro asked the compiler for, and nobody writes: mangled ones, which end in `fMu`
  /// and a number.
  private static func isMadeByMacro(_ name: String) -> Bool {
    guard name.hasPrefix("$s") else { return false }
    let name = name.prefix { $0 != "(" }
    return name.hasSuffix("_")
      && name.dropLast().utf8.reversed().drop { (48...57).contains($0) }.starts(with: "uMf".utf8)
  }

  /// In `init() -> Local #1 in f() -> () in Local #1 in f() -> ()` the first half of what follows
  /// the arrow is the result; returns the second, the context.
  private static func contextAfterLocalResult(_ name: Substring) -> Substring? {
    guard let arrow = name.topLevelRange(of: " -> ") else { return nil }
    let rest = name[arrow.upperBound...]
    guard rest.count > 4 else { return nil }
    let half = rest.suffix((rest.count - 4) / 2)
    return rest == half + " in " + half ? half : nil
  }

  /// `closure #1`, `implicit closure #2`, without the signature.
  private static func closure(_ name: Substring) -> String? {
    guard name.hasPrefix("closure #") || name.hasPrefix("implicit closure #") else { return nil }
    guard let number = name.firstIndex(of: "#") else { return nil }
    return String(name[..<number] + name[number...].prefix { $0 != " " })
  }

  private static func join(_ member: String, inside type: String) -> String {
    guard let range = type.firstRange(of: " in ") else { return "\(type).\(member)" }
    return "\(type[..<range.lowerBound]).\(member)\(type[range.lowerBound...])"
  }
}
