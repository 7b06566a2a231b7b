import Foundation

/// The part of JSON Schema that Tophash's schemas use.
///
/// An unknown keyword is a mistake of the schema, and said so: a check that is skipped would look
/// like one that passed.
package struct JSONSchema {
  private let root: [String: Any]

  package init(_ data: Data) throws {
    guard let root = try JSONSerialization.jsonObject(with: data) as? [String: Any] else {
      throw CocoaError(.propertyListReadCorrupt)
    }
    self.root = root
  }

  /// A schema of `Documentation/Schemas`, by its name and version: `report-1`.
  package init(documented name: String) throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    try self.init(
      Data(contentsOf: root.appending(path: "Documentation/Schemas/\(name).schema.json")))
  }

  /// What `text` has wrong, each with the path to it; empty when it is valid.
  package func errors(in text: String) throws -> [String] {
    errors(in: try JSONSerialization.jsonObject(with: Data(text.utf8)))
  }

  /// The same for a value as `JSONSerialization` has it.
  package func errors(in value: Any) -> [String] { errors(value, root, at: "$") }

  private func errors(_ value: Any, _ schema: [String: Any], at path: String) -> [String] {
    schema.flatMap { errors(value, keyword: $0.key, $0.value, in: schema, at: path) }
  }

  private func errors(
    _ value: Any, keyword: String, _ rule: Any, in schema: [String: Any], at path: String
  ) -> [String] {
    func expect(_ isValid: Bool) -> [String] {
      isValid ? [] : ["\(path): \(keyword) \(rule): \(value)"]
    }
    let object = value as? [String: Any]
    let array = value as? [Any]
    let number = (value as? NSNumber).flatMap { isBoolean($0) ? nil : $0.doubleValue }
    switch keyword {
    case "$schema", "$id", "$defs", "title", "description": return []
    case "$ref":
      let name = (rule as! String).split(separator: "/").last.map(String.init) ?? ""
      guard let target = (root["$defs"] as? [String: Any])?[name] as? [String: Any] else {
        return ["\(path): no definition of \(name)"]
      }
      return errors(value, target, at: path)
    case "type": return expect(isOfType(value, rule as! String))
    case "const": return expect((value as? NSObject) == (rule as? NSObject))
    case "enum": return expect((rule as! [NSObject]).contains { $0 == value as? NSObject })
    case "pattern":
      guard let text = value as? String else { return [] }
      return expect(text.range(of: rule as! String, options: .regularExpression) != nil)
    case "minimum": return expect(number.map { $0 >= (rule as! NSNumber).doubleValue } ?? true)
    case "maximum": return expect(number.map { $0 <= (rule as! NSNumber).doubleValue } ?? true)
    case "minItems": return expect(array.map { $0.count >= rule as! Int } ?? true)
    case "maxItems": return expect(array.map { $0.count <= rule as! Int } ?? true)
    case "required":
      guard let object else { return [] }
      return (rule as! [String]).filter { object[$0] == nil }.map { "\(path): no \($0)" }
    case "properties":
      return (rule as! [String: [String: Any]]).flatMap { name, schema in
        object?[name].map { errors($0, schema, at: "\(path).\(name)") } ?? []
      }
    case "additionalProperties":
      let known = (schema["properties"] as? [String: Any]) ?? [:]
      return (object ?? [:]).keys.filter { known[$0] == nil }.map { "\(path): unknown \($0)" }
    case "items":
      return (array ?? []).enumerated().flatMap { index, element in
        errors(element, rule as! [String: Any], at: "\(path)[\(index)]")
      }
    case "oneOf":
      let fits = (rule as! [[String: Any]]).filter { errors(value, $0, at: path).isEmpty }
      return expect(fits.count == 1)
    default: return ["\(path): the validator does not know '\(keyword)'"]
    }
  }

  private func isOfType(_ value: Any, _ type: String) -> Bool {
    switch type {
    case "object": return value is [String: Any]
    case "array": return value is [Any]
    case "string": return value is String
    case "boolean": return (value as? NSNumber).map(isBoolean) ?? false
    case "number": return (value as? NSNumber).map { !isBoolean($0) } ?? false
    case "integer":
      return (value as? NSNumber).map {
        !isBoolean($0) && $0.doubleValue == $0.doubleValue.rounded()
      }
        ?? false
    default: return false
    }
  }

  private func isBoolean(_ number: NSNumber) -> Bool {
    String(cString: number.objCType) == "c"
  }
}
