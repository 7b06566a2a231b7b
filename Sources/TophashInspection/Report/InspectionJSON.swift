import Foundation
import TophashSymbols

/// An inspection for programs: one JSON object, whose form is
/// `Documentation/Schemas/inspection-1.schema.json`.
package struct InspectionJSON {
  package var toolVersion: String

  /// What a run did, to be told with each site.
  package var activity: SiteActivity?

  package init(toolVersion: String, activity: SiteActivity? = nil) {
    self.toolVersion = toolVersion
    self.activity = activity
  }

  /// The object with its keys in alphabetical order, and a line break at its end.
  package func text(for inspection: Inspection) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      let object = Document(inspection, toolVersion, activity)
      return String(decoding: try encoder.encode(object), as: UTF8.self) + "\n"
    } catch {
      // Only numbers without a JSON form make encoding fail, and there are none.
      preconditionFailure("an inspection is always encodable: \(error)")
    }
  }
}

/// A change of it that could break a reader changes `schema`.
private struct Document: Encodable {
  struct Tool: Encodable {
    var name = "tophash"
    var version: String
  }

  struct Binary: Encodable {
    var path: String
    var buildID: String?
    var architecture = "x86_64"
    var exclusivityChecks: Bool
    var symbols: Bool
    var lines: Bool
    var unreadFunctions: Int
  }

  struct Totals: Encodable {
    var variables: [String: Int]
    var tracked: Int
    var instantaneous: Int
    var gates: Int
    var unresolved: Int
    /// Uniqueness checks in code that serves many variables.
    var sharedGates: Int
    /// Tracked sites that ran.
    var ran: Int?
    /// Variables that several tasks or threads used.
    var shared: Int?
  }

  struct Item: Encodable {
    var kind: Variable.Kind
    var module: String?
    var name: String
    var type: String?
    var qualifiedType: String?
    var visibility: Visibility
    var reason: BlindReason?
    var uncheckedFunctions: Int
    var sites: [Site]
  }

  struct Site: Encodable {
    var address: String
    var kind: AccessSite.Kind
    var tracked: Bool
    var idle: Bool
    var function: String
    var file: String?
    var line: Int?
    var column: Int?

    /// Of tracked sites, after a run.
    var ran: Bool?
    var shared: Bool?

    init(_ site: AccessSite, _ activity: SiteActivity?) {
      if let activity, site.isTracked {
        ran = activity.ran.contains(site.address)
        shared = activity.shared.contains(site.address)
      }
      address = "0x" + String(site.address, radix: 16)
      kind = site.kind
      tracked = site.isTracked
      idle = site.isIdle
      function = site.function
      file = site.location?.file
      line = site.location?.line
      column = site.location.flatMap { $0.column > 0 ? $0.column : nil }
    }
  }

  var schema = "tophash-inspection/1"
  var tool: Tool
  var binary: Binary
  var totals: Totals
  var variables: [Item]
  var unresolved: [Site]

  init(_ inspection: Inspection, _ version: String, _ activity: SiteActivity?) {
    tool = Tool(version: version)
    binary = Binary(
      path: inspection.binary, buildID: inspection.buildID,
      exclusivityChecks: inspection.isExclusivityChecked, symbols: inspection.hasSymbols,
      lines: inspection.hasLines, unreadFunctions: inspection.unreadFunctions)
    let sites = inspection.sites
    let accesses = sites.filter { $0.kind != .gate }
    totals = Totals(
      variables: Dictionary(
        uniqueKeysWithValues: Visibility.allCases.map { ($0.rawValue, inspection.count($0)) }),
      tracked: accesses.count(where: \.isTracked),
      instantaneous: accesses.count { !$0.isTracked }, gates: sites.count - accesses.count,
      unresolved: inspection.unresolved.count, sharedGates: inspection.sharedGates)
    if let activity {
      totals.ran = accesses.count { $0.isTracked && activity.ran.contains($0.address) }
      totals.shared = inspection.variables.count { activity.isShared($0) }
    }
    variables = inspection.variables.map { item in
      Item(
        kind: item.variable.kind, module: item.variable.module, name: item.variable.name,
        type: item.variable.type, qualifiedType: item.variable.qualifiedType,
        visibility: item.visibility, reason: item.reason,
        uncheckedFunctions: item.uncheckedFunctions, sites: item.sites.map { Site($0, activity) })
    }
    unresolved = inspection.unresolved.map { Site($0, activity) }
  }
}
