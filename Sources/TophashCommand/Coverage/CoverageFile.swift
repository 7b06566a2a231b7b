import Foundation
import TophashFindings
import TophashInspection
import TophashReports
import TophashSymbols

/// `--coverage`: the inspection of the program and its own libraries, with what ran.
struct CoverageFile {
  private let destination: ReportDestination
  private let isJSON: Bool

  /// Opens `path`; `-` is standard output. A name that ends in `.json` gets JSON.
  ///
  /// - Throws: 70 when the file cannot be created.
  init(path: String) throws(ToolError) {
    destination = try ReportDestination(path: path == "-" ? nil : path, option: "--coverage")
    isJSON = path.hasSuffix(".json")
  }

  /// - Throws: 70 when it could not be written.
  func write(_ session: Session, symbolizer: String?) throws(ToolError) {
    let binaries = Self.activities(session).sorted { $0.key < $1.key }.compactMap {
      path, activity -> String? in
      guard let image = try? ElfImage(path: path), image.hasSwiftCode,
        let inspection = try? Inspection(image, symbolizer: symbolizer)
      else { return nil }
      if isJSON {
        return InspectionJSON(toolVersion: toolVersion, activity: activity).text(for: inspection)
      }
      return InspectionText(
        directory: FileManager.default.currentDirectoryPath, activity: activity
      ).text(for: inspection)
    }
    try destination.write(
      isJSON
        ? "[\n" + binaries.map { String($0.dropLast()) }.joined(separator: ",\n") + "\n]\n"
        : binaries.joined(separator: "\n"))
  }

  /// What ran in each of the user's own images, over all processes.
  static func activities(_ session: Session) -> [String: SiteActivity] {
    var activities: [String: SiteActivity] = [:]
    for process in session.subjects {
      for image in process.images where isOwn(image.path) {
        var activity = activities[image.path] ?? SiteActivity()
        for visit in process.visits where image.range.contains(visit.address) {
          activity.ran.insert(visit.address &- image.base)
          if visit.isShared { activity.shared.insert(visit.address &- image.base) }
        }
        activities[image.path] = activity
      }
    }
    return activities
  }

  private static func isOwn(_ path: String) -> Bool {
    Frame(
      address: 0, image: path, offset: 0, symbol: nil, function: "", module: nil, location: nil,
      isInlined: false
    ).origin == .own
  }
}
