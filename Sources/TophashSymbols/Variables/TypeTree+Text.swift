extension TypeTree {
  /// How a type is written.
  enum Style {
    /// As in source code, without modules: `[String: Int]`.
    case source
    /// Every name with its module and no sugar: `Swift.Dictionary<Swift.String, Swift.Int>`.
    case qualified
  }

  /// The type in words; `nil` when a part of it is not known, or when it is too large to read.
  func text(_ style: Style) -> String? {
    guard size <= TypeTree.maximumSize else { return nil }
    return TypeWriter(style: style).text(self, depth: 0)
  }
}

extension NominalType {
  /// The path without the module: `Box<[String: Int]>`; `nil` when an argument is not known.
  var sourceName: String? {
    TypeTree.nominal(self).size <= TypeTree.maximumSize
      ? TypeWriter(style: .source).path(self, depth: 0) : nil
  }
}

private struct TypeWriter {
  var style: TypeTree.Style

  private var object: String { style == .source ? "AnyObject" : "Swift.AnyObject" }

  func text(_ type: TypeTree, depth: Int) -> String? {
    guard depth < TypeTree.maximumDepth else { return nil }
    switch type {
    case .nominal(let type):
      return (style == .source ? sugar(type, depth: depth) : nil)
        ?? path(type, depth: depth).map { style == .qualified ? "\(type.module).\($0)" : $0 }
    case .tuple(let elements):
      if elements.isEmpty, style == .source { return "Void" }
      return elements.mapAll { element in
        text(element.type, depth: depth + 1).map { text in
          element.label.map { "\($0): \(text)" } ?? text
        }
      }.map { "(\($0.joined(separator: ", ")))" }
    case .function(let type):
      return function(type, depth: depth)
    case .existential(let protocols, let superclass, let isObject):
      if protocols.isEmpty, superclass == nil { return isObject ? object : "Any" }
      guard
        var names = ([superclass].compactMap(\.self) + protocols)
          .mapAll({ text($0, depth: depth + 1) })
      else { return nil }
      if isObject { names.append(object) }
      return "any \(names.joined(separator: " & "))"
    case .metatype(let type, let isExistential):
      guard let name = text(type, depth: depth + 1) else { return nil }
      let needsParentheses = isExistential ? false : type.isWrittenWithSpaces
      return needsParentheses ? "(\(name)).Type" : "\(name).Type"
    case .reference(_, let type):
      return text(type, depth: depth + 1)
    case .integer(let value):
      return String(value)
    case .builtin(let letters):
      return builtin(letters)
    case .parameter:
      return nil
    }
  }

  func path(_ type: NominalType, depth: Int) -> String? {
    type.path.mapAll { step in
      if step.arguments.isEmpty { return step.name }
      return step.arguments.mapAll { text($0, depth: depth + 1) }
        .map { "\(step.name)<\($0.joined(separator: ", "))>" }
    }?.joined(separator: ".")
  }

  /// `[T]`, `[K: V]` and `T?`.
  private func sugar(_ type: NominalType, depth: Int) -> String? {
    guard type.module == "Swift", type.path.count == 1,
      let names = type.path[0].arguments.mapAll({ text($0, depth: depth + 1) })
    else { return nil }
    switch (type.path[0].name, names.count) {
    case ("Array", 1): return "[\(names[0])]"
    case ("Dictionary", 2): return "[\(names[0]): \(names[1])]"
    case ("Optional", 1):
      return type.path[0].arguments[0].isWrittenWithSpaces ? "(\(names[0]))?" : "\(names[0])?"
    default: return nil
    }
  }

  private func function(_ type: FunctionType, depth: Int) -> String? {
    guard let result = text(type.result, depth: depth + 1),
      let parameters = type.parameters.mapAll({ parameter in
        text(parameter.type, depth: depth + 1).map {
          parameter.modifier.isEmpty ? $0 : "\(parameter.modifier) \($0)"
        }
      })
    else { return nil }
    var words: [String] = []
    switch type.convention {
    case .swift: break
    case .thin: words.append("@convention(thin)")
    case .block: words.append("@convention(block)")
    case .c: words.append("@convention(c)")
    }
    if let actor = type.globalActor {
      guard let name = text(actor, depth: depth + 1) else { return nil }
      words.append("@\(name)")
    }
    if type.isSendable { words.append("@Sendable") }
    words.append("(\(parameters.joined(separator: ", ")))")
    if type.isAsync { words.append("async") }
    if let thrown = type.thrown {
      guard let name = text(thrown, depth: depth + 1) else { return nil }
      words.append("throws(\(name))")
    } else if type.isThrowing {
      words.append("throws")
    }
    words.append("-> \(result)")
    return words.joined(separator: " ")
  }

  private func builtin(_ letters: String) -> String? {
    switch letters {
    case "Bo": return "Builtin.NativeObject"
    case "BO": return "Builtin.UnknownObject"
    case "Bb": return "Builtin.BridgeObject"
    case "Bp": return "Builtin.RawPointer"
    case "Bw": return "Builtin.Word"
    case "BB": return "Builtin.UnsafeValueBuffer"
    case "BD": return "Builtin.DefaultActorStorage"
    case "Bd": return "Builtin.NonDefaultDistributedActorStorage"
    case "Be": return "Builtin.Executor"
    case "Bj": return "Builtin.Job"
    case "Bc": return "Builtin.RawUnsafeContinuation"
    default:
      let width = letters.dropFirst(2).prefix { $0.isNumber }
      if letters.hasPrefix("Bi") { return "Builtin.Int\(width)" }
      if letters.hasPrefix("Bf") { return "Builtin.FPIEEE\(width)" }
      return nil
    }
  }
}

extension TypeTree {
  /// Whether the type needs parentheses before `?` and `.Type`.
  fileprivate var isWrittenWithSpaces: Bool {
    switch self {
    case .function: true
    case .existential(let protocols, let superclass, _): !protocols.isEmpty || superclass != nil
    case .metatype(let type, let isExistential): isExistential && type.isWrittenWithSpaces
    default: false
    }
  }
}
