import Foundation

/// What runs have learned about where accesses nearly meet; `Documentation/Guides` names its file.
///
/// The text has one trap a line, sorted, so that two changes of it merge by lines.
package struct TrapFile: Hashable, Sendable {
  package enum Failure: Error, Hashable {
    /// Not a trap file, or a part of one.
    case damaged
    /// Written by another version of Tophash: it is left as it is.
    case otherVersion(String)
  }

  package private(set) var traps: [Trap.Key: Trap] = [:]

  package init() {}

  /// Reads the text of a file; an empty one holds no traps.
  package init(text: String) throws(Failure) {
    if text.allSatisfy(\.isWhitespace) { return }
    struct Version: Decodable {
      var schema: String
    }
    struct Content: Decodable {
      var traps: [Trap]
    }
    let data = Data(text.utf8)
    let decoder = JSONDecoder()
    guard let version = try? decoder.decode(Version.self, from: data) else { throw .damaged }
    guard version.schema == Self.schema else { throw .otherVersion(version.schema) }
    guard let content = try? decoder.decode(Content.self, from: data) else { throw .damaged }
    for trap in content.traps { traps[trap.key] = trap }
  }

  package static let schema = "tophash-traps/1"

  package var text: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let lines = traps.values.sorted { $0.key < $1.key }.compactMap { trap in
      (try? encoder.encode(trap)).map { "    " + String(decoding: $0, as: UTF8.self) }
    }
    let list = lines.isEmpty ? "[]" : "[\n" + lines.joined(separator: ",\n") + "\n  ]"
    return "{\n  \"schema\": \"\(Self.schema)\",\n  \"traps\": \(list)\n}\n"
  }

  /// Takes in what one run did; what has been quiet for long is forgotten.
  package mutating func learn(_ lessons: [Lesson]) {
    for lesson in lessons where traps[lesson.key] != nil || lesson.visit.holdTime > 0 {
      var trap = traps[lesson.key] ?? Trap(lesson.key, buildID: lesson.buildID)
      trap.learn(lesson.visit, buildID: lesson.buildID)
      traps[lesson.key] = trap.quietRuns > Trap.patience ? nil : trap
    }
  }

  /// Forgets sites that the program has no more.
  package mutating func forget(_ keys: [Trap.Key]) {
    for key in keys { traps[key] = nil }
  }

  /// What a run did at one site.
  package struct Lesson: Hashable, Sendable {
    package var key: Trap.Key
    package var buildID: String
    package var visit: SiteVisit

    package init(key: Trap.Key, buildID: String, visit: SiteVisit) {
      self.key = key
      self.buildID = buildID
      self.visit = visit
    }
  }
}
