import Foundation
import TophashFindings

/// Every hit, for programs: one JSON object of `Documentation/Schemas/watch-1.schema.json`.
package struct WatchJSON {
  package var paths: Paths

  package init(paths: Paths) {
    self.paths = paths
  }

  package func text(for report: WatchReport) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return String(decoding: try encoder.encode(Document(report, paths)), as: UTF8.self) + "\n"
    } catch {
      // Only numbers without a JSON form make encoding fail, and the report holds none.
      preconditionFailure("a report is always encodable: \(error)")
    }
  }

  private struct Document: Encodable {
    var schema = "tophash-watch/1"
    var tool = Tool()
    var command: [String]
    var method: String
    var unnamed: Unnamed
    var variables: [Watched]

    init(_ report: WatchReport, _ paths: Paths) {
      command = report.command
      method = report.isSoftware ? "software" : "hardware"
      unnamed = Unnamed(
        otherThreads: report.passed, signalBlocked: report.late, noRoom: report.lost,
        pauses: report.pauses, limitReached: report.isOver)
      variables = report.variables.map { Watched($0, paths) }
    }
  }

  private struct Tool: Encodable {
    var name = "tophash"
    var version = toolVersion
  }

  private struct Unnamed: Encodable {
    var otherThreads: UInt64
    var signalBlocked: UInt64
    var noRoom: UInt64
    var pauses: UInt64
    var limitReached: Bool
  }

  private struct Watched: Encodable {
    var name: String
    var type: String?
    var bytes: Int
    var objects: Int
    var watchedObjects: Int
    var sites: [Site]
    var hits: [Hit]

    init(_ watched: WatchedVariable, _ paths: Paths) {
      name = watched.variable.qualifiedName
      type = watched.variable.type
      bytes = watched.length
      objects = watched.objects
      watchedObjects = watched.watchedObjects
      sites = watched.sites.map { Site($0, paths) }
      hits = watched.hits.map { hit in
        Hit(
          nanoseconds: hit.nanoseconds, process: hit.pid,
          object: hit.object == 0 ? nil : hit.object, owner: "\(hit.owner)", site: hit.site,
          before: hit.before.map(watched.value), after: hit.after.map(watched.value))
      }
    }
  }

  private struct Site: Encodable {
    var operation: String
    var count: Int
    var function: String?
    var place: String?
    var stack: [String]

    init(_ site: WatchSite, _ paths: Paths) {
      operation = site.operation.rawValue
      count = site.count
      function = site.side.site?.function
      place = site.side.site?.placeText(paths)
      stack = (site.side.stack + site.side.awaitedBy).map {
        [$0.function, $0.placeText(paths)].filter { !$0.isEmpty }.joined(separator: " at ")
      }
    }
  }

  private struct Hit: Encodable {
    var nanoseconds: UInt64
    var process: Int32
    var object: Int?
    var owner: String
    var site: Int
    var before: String?
    var after: String?
  }
}
