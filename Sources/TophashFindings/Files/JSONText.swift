import Foundation

/// A JSON text of which mistakes are told with line and column.
package struct JSONText {
  private let bytes: [UInt8]
  private let file: String

  package init(_ bytes: [UInt8], file: String) {
    self.bytes = bytes
    self.file = file
  }

  /// The value that the text holds.
  ///
  /// - Parameters:
  ///   - schema: what the text has to say of itself in `schema`, such as `tophash-report/1`.
  ///   - name: what it is called, `a report`.
  /// - Throws: the first mistake: what is no JSON, is of another kind or version, or does not fit.
  package func decode<Value: Decodable>(
    _ type: Value.Type, schema: String, called name: String
  ) throws(TextFailure) -> Value {
    let decoder = JSONDecoder()
    do {
      let data = Data(bytes)
      let found = try decoder.decode(Header.self, from: data).schema
      guard found == schema else {
        let kind = schema.prefix { $0 != "/" } + "/"
        let isVersion = found.hasPrefix(kind)
        throw failure(
          isVersion
            ? "'\(found)' is another version than '\(schema)'" : "'\(found)' is not \(name)",
          isVersion ? "read it with the tophash that wrote it" : "name \(name) of tophash",
          at: [.key("schema")])
      }
      return try decoder.decode(type, from: data)
    } catch let failure as TextFailure {
      throw failure
    } catch {
      throw failure(from: error, "it may be damaged, or not \(name) of tophash")
    }
  }

  private struct Header: Decodable {
    var schema: String
  }

  private func failure(from error: any Error, _ remedy: String) -> TextFailure {
    if let syntax = syntaxError {
      return TextFailure(
        at: syntax.offset, in: bytes, file: file, what: syntax.what, remedy: remedy)
    }
    guard let error = error as? DecodingError else { return failure("\(error)", remedy, at: []) }
    switch error {
    case .keyNotFound(let key, let context):
      return failure("'\(key.stringValue)' is missing", remedy, at: context.steps)
    case .typeMismatch(let type, let context):
      return failure("\(Self.words(type)) was expected", remedy, at: context.steps)
    case .valueNotFound(let type, let context):
      return failure("\(Self.words(type)) was expected, not null", remedy, at: context.steps)
    case .dataCorrupted(let context):
      let isForeign = context.debugDescription.hasPrefix("Cannot initialize")
      return failure(
        isForeign ? "this value is not known" : context.debugDescription, remedy, at: context.steps)
    @unknown default: return failure("it does not fit", remedy, at: [])
    }
  }

  private func failure(_ what: String, _ remedy: String, at steps: [JSONScanner.Step])
    -> TextFailure
  {
    var scanner = JSONScanner(bytes, path: steps)
    try? scanner.scan()
    return TextFailure(at: scanner.found, in: bytes, file: file, what: what, remedy: remedy)
  }

  private var syntaxError: JSONScanner.Failure? {
    var scanner = JSONScanner(bytes, path: [])
    do throws(JSONScanner.Failure) {
      try scanner.scan()
      return nil
    } catch {
      return error
    }
  }

  private static func words(_ type: any Any.Type) -> String {
    switch type {
    case is String.Type: "a text"
    case is Bool.Type: "true or false"
    case is any BinaryInteger.Type, is any BinaryFloatingPoint.Type: "a number"
    case is any Collection.Type where !(type is any ExpressibleByDictionaryLiteral.Type): "a list"
    default: "an object"
    }
  }
}

extension DecodingError.Context {
  fileprivate var steps: [JSONScanner.Step] {
    codingPath.map { key in key.intValue.map { .index($0) } ?? .key(key.stringValue) }
  }
}

extension TextFailure {
  /// A mistake at a byte of a text.
  init(at offset: Int, in bytes: [UInt8], file: String, what: String, remedy: String) {
    let before = bytes.prefix(offset)
    let line = before.reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
    let start = before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    self.init(
      file: file, line: line, column: before.count - start + 1, what: what, remedy: remedy)
  }
}
