import Foundation

extension Matrix {
  /// One JSON object, with its keys in alphabetical order.
  package var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
    } catch {
      // Only numbers without a JSON form make encoding fail, and times have one.
      preconditionFailure("a matrix is always encodable: \(error)")
    }
  }
}
