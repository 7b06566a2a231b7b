/// The parts of a SARIF log that Tophash writes, by the names that the standard gives them.
enum SARIF {
  static let schema =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

  struct Message: Encodable {
    var text: String
    var markdown: String?
  }

  struct Artifact: Encodable {
    var uri: String
    var uriBaseId: String?
  }

  struct Region: Encodable {
    var startLine: Int
    var startColumn: Int?
  }

  struct PhysicalLocation: Encodable {
    var artifactLocation: Artifact
    var region: Region?
  }

  struct LogicalLocation: Encodable {
    var fullyQualifiedName: String
    var kind: String
  }

  struct Location: Encodable {
    var id: Int?
    var physicalLocation: PhysicalLocation?
    var logicalLocations: [LogicalLocation]?
    var message: Message?
  }

  struct ThreadFlowLocation: Encodable {
    var location: Location
    var kinds: [String]
    var importance: String
    var nestingLevel: Int
    var module: String?
  }

  struct ThreadFlow: Encodable {
    var id: String
    var message: Message
    var locations: [ThreadFlowLocation]
  }

  struct CodeFlow: Encodable {
    var message: Message
    var threadFlows: [ThreadFlow]
  }

  struct Suppression: Encodable {
    var kind: String
    var status = "accepted"
    var justification: String
    var location: Location?
  }

  struct Invocation: Encodable {
    var executionSuccessful = true
    var commandLine: String
    var workingDirectory: Artifact
    var exitCode: Int32?
    var exitSignalNumber: Int32?
  }
}
