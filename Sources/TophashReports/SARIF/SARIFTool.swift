import TophashFindings

extension SARIF {
  /// Who wrote the log, and the rules it knows.
  struct Tool: Encodable {
    struct Driver: Encodable {
      var name = "Tophash"
      var semanticVersion = toolVersion
      var rules = Rule.allCases.map(Descriptor.init)
    }

    struct Configuration: Encodable {
      var level = "error"
    }

    struct Descriptor: Encodable {
      struct Properties: Encodable {
        var tags = ["concurrency", "correctness"]
        var precision = "very-high"
      }

      var id: String
      var name: String
      var shortDescription: Message
      var help: Message
      var defaultConfiguration = Configuration()
      var properties = Properties()

      init(_ rule: Rule) {
        id = rule.rawValue
        name = rule.rawValue.split(separator: "-").map {
          $0.prefix(1).uppercased() + $0.dropFirst()
        }
        .joined()
        shortDescription = Message(
          text: rule.summary.prefix(1).uppercased() + rule.summary.dropFirst() + ".")
        let command = "tophash explain \(rule.rawValue)"
        help = Message(
          text: "What happens in memory, and the correct twin: \(command)",
          markdown: "What happens in memory, and the correct twin: `\(command)`")
      }
    }

    var driver = Driver()
  }
}
