import Yams

extension ConfigurationFile {
  /// What the file says, in its order, with paths as they are from the working directory.
  ///
  /// - Throws: 65 with line and column for what is not YAML, and for anything but single values
  ///   under keys that Tophash knows.
  func assignments() throws(ToolError) -> [Assignment] {
    guard let root = try parse(), !root.isNothing else { return [] }
    guard case .mapping(let mapping) = root else {
      throw wrong(position(root.mark), "expected keys with values", Self.form)
    }
    var assignments: [Assignment] = []
    for (key, value) in mapping {
      guard case .scalar(let name) = key else {
        throw wrong(position(key.mark), "a key has to be a word", Self.form)
      }
      let origin = Origin.file(position(key.mark))
      guard let setting = Setting.named(name.string) else {
        throw .unknownKey(Assignment(key: name.string, origin: origin))
      }
      let place = Assignment(key: setting.key, origin: .file(position(value.mark)))
      guard let text = value.text(takesSeveral: setting.takesSeveral) else {
        throw .wrongValue(
          place, expected: setting.expected,
          got: value.isNothing ? nil : "a \(value.sequence == nil ? "mapping" : "list")")
      }
      assignments.append(
        Assignment(
          key: setting.key, value: setting.relocated(text, directory), origin: place.origin))
    }
    return assignments
  }

  private static let aliasLimit = 32

  private static let form = "write 'key: value', one a line"

  /// Where relative paths begin: empty, or with a slash at its end.
  private var directory: String {
    path.contains("/") ? String(path[...path.lastIndex(of: "/")!]) : ""
  }

  private func parse() throws(ToolError) -> Node? {
    guard let text = String(validating: content, as: UTF8.self) else {
      throw wrong(position(after: validPrefix), "the text is not UTF-8", "save it as UTF-8")
    }
    // An alias of aliases of aliases stands for more values than any machine could compare.
    let aliases = text.matches(of: /(?:^|[\s\[{,])(\*)\S/)
    guard aliases.count <= Self.aliasLimit else {
      let place = aliases[Self.aliasLimit].output.1.startIndex
      throw wrong(
        position(after: text[..<place].unicodeScalars), "more than \(Self.aliasLimit) aliases",
        "write the values out")
    }
    do {
      return try Parser(yaml: text, encoding: .utf8).singleRoot()
    } catch let error as YamlError {
      throw wrong(error, in: text)
    } catch {
      throw wrong(position(nil), "\(error)", Self.form)
    }
  }

  private func wrong(_ error: YamlError, in text: String) -> ToolError {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      wrong(position(mark), "this is not YAML: \(problem)", Self.form)
    case .reader(let problem, let offset, _, _):
      wrong(
        position(after: text.prefix(offset ?? 0).unicodeScalars), "this is not YAML: \(problem)",
        "remove the character")
    case .duplicatedKeysInMapping(let keys, let context):
      wrong(
        position(context.mark), "'\(keys.first ?? "")' is given more than once",
        "keep one of them")
    default:
      wrong(position(nil), "\(error)", Self.form)
    }
  }

  private func wrong(
    _ position: Origin.Position, _ what: String, _ remedy: String
  ) -> ToolError {
    ToolError(what: "\(position): \(what)", remedy: remedy, code: .wrongFile)
  }

  private func position(_ mark: Mark?) -> Origin.Position {
    Origin.Position(path: path, line: mark?.line ?? 1, column: mark?.column ?? 1)
  }

  /// The place behind the first part of the text.
  private func position(
    after text: some BidirectionalCollection<Unicode.Scalar>
  ) -> Origin.Position {
    Origin.Position(
      path: path, line: text.count { $0 == "\n" } + 1,
      column: text.reversed().prefix { $0 != "\n" }.count + 1)
  }

  /// The content up to the first byte that is no UTF-8.
  private var validPrefix: String.UnicodeScalarView {
    var decoder = UTF8()
    var bytes = content.makeIterator()
    var scalars = String.UnicodeScalarView()
    while case .scalarValue(let scalar) = decoder.decode(&bytes) { scalars.append(scalar) }
    return scalars
  }
}

extension Node {
  /// The value, or several between commas; `nil` when there is none, or one of another kind.
  fileprivate func text(takesSeveral: Bool) -> String? {
    switch self {
    case .scalar(let scalar) where !isNothing: return scalar.string
    case .sequence(let list) where takesSeveral && !list.isEmpty:
      let texts = list.compactMap { $0.text(takesSeveral: false) }
      return texts.count == list.count ? texts.joined(separator: ",") : nil
    default: return nil
    }
  }

  /// Whether there is no value: nothing, or one of YAML's words for it.
  fileprivate var isNothing: Bool {
    guard case .scalar(let scalar) = self, scalar.style == .plain else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
  }
}
