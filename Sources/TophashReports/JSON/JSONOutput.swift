import Foundation

/// JSON with its keys in alphabetical order, for people who look into it and for tools that compare.
enum JSONOutput {
  static func text(_ value: some Encodable, indent: Int = 0) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      let text = String(decoding: try encoder.encode(value), as: UTF8.self)
      // A line break within a text is always escaped.
      return indent == 0
        ? text : text.replacing("\n", with: "\n" + String(repeating: " ", count: indent))
    } catch {
      // Only numbers without a JSON form make encoding fail, and no report holds any.
      preconditionFailure("a report is always encodable: \(error)")
    }
  }

  /// Writes `"name" : [ … ]` one element after the other.
  static func write<Element>(
    _ elements: [Element], named name: String, indent: Int, as form: (Element) -> some Encodable,
    to output: inout some TextOutputStream
  ) {
    output.write("\"\(name)\" : ")
    write(elements, indent: indent, as: form, to: &output)
  }

  /// Writes a list one element after the other.
  static func write<Element>(
    _ elements: [Element], indent: Int, as form: (Element) -> some Encodable,
    to output: inout some TextOutputStream
  ) {
    let margin = String(repeating: " ", count: indent)
    output.write("[\n")
    for (index, element) in elements.enumerated() {
      output.write(index == 0 ? "" : ",\n")
      output.write(margin + "  " + text(form(element), indent: indent + 2))
    }
    output.write("\n\(margin)]")
  }
}
