import Foundation

/// Listings for programs: one JSON object of `Documentation/Schemas/code-1.schema.json`.
package struct ListingJSON {
  package var toolVersion: String

  package init(toolVersion: String) {
    self.toolVersion = toolVersion
  }

  package func text(for listings: [CodeListing]) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let document = Document(
      tool: Document.Tool(version: toolVersion), functions: listings.map(Document.Function.init))
    do {
      return String(decoding: try encoder.encode(document), as: UTF8.self) + "\n"
    } catch {
      // Only numbers without a JSON form make encoding fail, and a listing holds none.
      preconditionFailure("a listing is always encodable: \(error)")
    }
  }

  private struct Document: Encodable {
    struct Tool: Encodable {
      var name = "tophash"
      var version: String
    }

    struct Function: Encodable {
      var binary: String
      var name: String
      var symbol: String?
      var address: String
      var size: UInt64
      var isComplete: Bool
      var counts: [String: Int]
      var callees: [String]
      var instructions: [Instruction]

      init(_ listing: CodeListing) {
        binary = listing.binary
        name = listing.name
        symbol = listing.symbol
        address = "0x" + String(listing.range.lowerBound, radix: 16)
        size = listing.range.upperBound - listing.range.lowerBound
        isComplete = listing.isComplete
        counts = Dictionary(
          uniqueKeysWithValues: CodeMark.allCases.map { ($0.rawValue, listing.count($0)) })
        callees = listing.callees
        instructions = listing.lines.map { line in
          Instruction(
            offset: line.address - listing.range.lowerBound, text: line.text,
            marks: line.marks.map(\.rawValue), note: line.note)
        }
      }
    }

    struct Instruction: Encodable {
      var offset: UInt64
      var text: String
      var marks: [String]
      var note: String?
    }

    var schema = "tophash-code/1"
    var tool: Tool
    var functions: [Function]
  }
}
