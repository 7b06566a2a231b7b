import TophashInspection
import TophashSymbols

/// Variables whose accesses are recorded: where these are in the program's file.
struct ChosenVariables {
  /// Names by the return addresses of the accesses, for each file.
  let names: [String: [UInt64: String]]

  /// - Throws: 64 for a name that no variable of the program has, with the nearest one.
  init(
    _ wanted: [String], in path: String, tool: String?, environment: [String: String]
  ) throws(ToolError) {
    guard !wanted.isEmpty else {
      names = [:]
      return
    }
    let path = SmallFile.resolved(path) ?? path
    guard let image = try? ElfImage(path: path),
      let inspection = try? Inspection(image, symbolizer: tool)
    else {
      throw .cannotRun(
        "the variables of '\(path)' cannot be told", "name a Swift program, or leave out --variable"
      )
    }
    var sites: [UInt64: String] = [:]
    for name in wanted {
      let found = inspection.variables.filter {
        $0.variable.qualifiedName == name || $0.variable.name == name
      }
      guard !found.isEmpty else {
        let nearest = Suggestion.nearest(to: name, among: inspection.variables.map(\.variable.name))
        throw ToolError(
          what: "'\(path)' has no variable '\(name)'",
          remedy: nearest.map { "did you mean '\($0)'?" } ?? "see 'tophash inspect \(path)'",
          code: .usage)
      }
      let tracked = found.flatMap(\.sites).filter { $0.isTracked && $0.kind != .gate }
      guard !tracked.isEmpty else {
        throw ToolError(
          what: "no access of '\(name)' has a begin and an end in '\(path)'",
          remedy: "see 'tophash inspect \(path)'; a debug build shows more", code: .usage)
      }
      for site in tracked { sites[site.address] = name }
    }
    names = [path: sites]
  }

  /// As the probe reads them: an address in the file and the file, on a line each.
  var lines: String {
    names.flatMap { path, sites in
      sites.keys.sorted().map { "\(String($0, radix: 16)) \(path)\n" }
    }.joined()
  }
}
