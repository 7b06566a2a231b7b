/// A declaration in a demangled name, taken apart: `Demo.Cache<A>.update(_: A) -> ()` has the path
/// `Demo`, `Cache`, `update(_:)`.
struct Entity {
  /// Modules, types and members from the outside in; a function carries its argument labels.
  private(set) var path: [String] = []
  /// The module of the extension that declares it, when it is not the type's own.
  private(set) var extensionModule: String?
  /// Whether it is an accessor without code of its own.
  private(set) var isThunk = false

  init(_ name: Substring) {
    var rest = name
    while rest.drop(prefix: "(extension in ") {
      let module = rest.prefix { $0 != ")" }
      extensionModule = extensionModule ?? String(module)
      rest = rest[module.endIndex...]
      _ = rest.drop(prefix: "):")
    }
    var accessor: String?
    for word in ["getter", "setter", "modify", "read"] where rest.drop(prefix: "\(word) of ") {
      accessor = word
    }
    rest = rest.beforeTopLevel(" : ")
    repeat {
      let count = rest.utf8.count
      guard let component = Self.takeComponent(&rest) else { break }
      path.append(component)
      guard rest.utf8.count < count else { break }
    } while rest.drop(prefix: ".")
    if let accessor { path.append(accessor) }
    if path.isEmpty { path = [String(name)] }
    polish()
  }

  /// Whether this is `Name #1`, a type declared in a function.
  static func isLocalType(_ name: Substring) -> Bool {
    guard let hash = name.firstRange(of: " #"), !name.hasPrefix("closure "),
      !name.hasPrefix("implicit closure ")
    else { return false }
    return name[hash.upperBound...].allSatisfy(\.isNumber)
  }

  /// One word of the path, with the argument labels that follow it; generic arguments and numbers
  /// of local declarations are skipped.
  private static func takeComponent(_ rest: inout Substring) -> String? {
    var name: Substring
    if rest.hasPrefix("(") {
      // `(secret in _19E1…)`: a private declaration.
      guard let end = rest.endOfBrackets, let separator = rest[..<end].firstRange(of: " in ") else {
        return nil
      }
      name = rest.dropFirst()[..<separator.lowerBound]
      rest = rest[end...]
    } else if rest.hasPrefix("`") {
      guard let end = rest.dropFirst().firstIndex(of: "`") else { return nil }
      name = rest[...end]
      rest = rest[rest.index(after: end)...]
    } else if let first = rest.utf8.first, first.isIdentifier {
      name = Substring(rest.utf8.prefix { $0.isIdentifier })
      rest = rest[name.endIndex...]
    } else {
      guard let end = rest.firstIndex(of: " ") else { return nil }
      name = rest[..<end]
      rest = rest[end...]
    }
    for fixity in [" infix", " prefix", " postfix"] { _ = rest.drop(prefix: fixity) }
    skipGenerics(&rest)
    if rest.hasPrefix(" #") {
      let number = rest.dropFirst(2).prefix { $0.isNumber }
      if !number.isEmpty {
        rest = rest[number.endIndex...]
        skipGenerics(&rest)
        if rest.hasPrefix(" (") { rest = rest.dropFirst() }
      }
    }
    if rest.hasPrefix("("), let end = rest.endOfBrackets {
      let arguments = rest[..<end].dropFirst().dropLast()
      rest = rest[end...]
      return name + labels(arguments)
    }
    return String(name)
  }

  private static func skipGenerics(_ rest: inout Substring) {
    if rest.hasPrefix("<"), let end = rest.endOfBrackets { rest = rest[end...] }
  }

  /// `(_:count:)` for `Swift.String, count: Swift.Int`.
  private static func labels(_ arguments: Substring) -> String {
    if arguments.isEmpty { return "()" }
    let labels = arguments.topLevelFields(separatedBy: ", ").map { field in
      let label =
        field.hasPrefix("`")
        ? field.prefix(through: field.dropFirst().firstIndex(of: "`") ?? field.startIndex)
        : Substring(field.utf8.prefix { $0.isIdentifier })
      return field[label.endIndex...].hasPrefix(": ") && !label.isEmpty ? "\(label):" : "_:"
    }
    return "(\(labels.joined()))"
  }

  /// The compiler's own spellings give way to the source's.
  private mutating func polish() {
    guard let last = path.last else { return }
    for (index, name) in path.enumerated() where name.hasPrefix("$__lazy_storage_$_") {
      path[index] = String(name.dropFirst("$__lazy_storage_$_".count))
    }
    switch last {
    case "__deallocating_deinit", "__isolated_deallocating_deinit": path[path.count - 1] = "deinit"
    case "didset": path[path.count - 1] = "didSet"
    case "willset": path[path.count - 1] = "willSet"
    case "unsafeMutableAddressor":
      path.removeLast()
      isThunk = true
    case let name where name.hasPrefix("__allocating_init"):
      path[path.count - 1] = String(name.dropFirst("__allocating_".count))
    case let name where name.hasPrefix("__derived_") && name.hasSuffix("_equals(_:_:)"):
      path[path.count - 1] = "==(_:_:)"
    default: break
    }
  }
}
