import Foundation

/// A JSON text, for a look into it; what is not there is `null`.
package struct JSONValue: Hashable {
  let value: NSObject

  package init(_ text: String) throws {
    let value = try JSONSerialization.jsonObject(
      with: Data(text.utf8), options: .fragmentsAllowed)
    self.init(value)
  }

  private init(_ value: Any?) { self.value = (value as? NSObject) ?? NSNull() }

  package subscript(_ key: String) -> JSONValue { JSONValue((value as? [String: Any])?[key]) }
  package subscript(_ index: Int) -> JSONValue {
    array.indices.contains(index) ? array[index] : JSONValue(nil)
  }

  package var keys: [String] { (value as? [String: Any])?.keys.sorted() ?? [] }
  package var array: [JSONValue] { (value as? [Any])?.map { JSONValue($0) } ?? [] }
  package var text: String { value as? String ?? "" }
  package var number: Double? { (value as? NSNumber)?.doubleValue }
  package var truth: Bool? { (value as? NSNumber)?.boolValue }
}
