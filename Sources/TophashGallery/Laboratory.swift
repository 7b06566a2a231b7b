import Foundation

/// Where everything is that an experiment needs.
package struct Laboratory: Sendable {
  /// The running `tophash`.
  package var tool: String
  /// The folder of the examples.
  package var examples: String
  /// The program that misuses a `FailFastDictionary`; `nil` when it is not built.
  package var misuser: String?

  package init(tool: String, examples: String, misuser: String?) {
    self.tool = tool
    self.examples = examples
    self.misuser = misuser
  }

  /// What came of one trial.
  package enum Verdict: Hashable, Sendable {
    case noticed
    case silent
    /// The program crashed before anything was said.
    case crashed
    /// The method has nothing to work with here, and says why.
    case impossible(String)

    var isImpossible: Bool { if case .impossible = self { true } else { false } }
  }

  /// Builds the examples; what the build says goes to standard error.
  ///
  /// - Throws: when that fails.
  package func build(_ build: Build, swift: String) throws {
    let process = Process()
    process.executableURL = URL(filePath: swift)
    process.arguments =
      ["build", "--package-path", examples, "--scratch-path", build.scratch(in: examples)]
      + build.options
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.standardError
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw GalleryError(
        what: "the examples could not be built (\(build.rawValue))",
        remedy: "run 'swift build' in '\(examples)'")
    }
  }

  /// How many orders of its threads a program is explored in.
  static let schedules = 20

  /// What is run for an entry; `nil` when the method does not apply.
  ///
  /// - Parameter number: of the run, for what chooses by a seed.
  package func trial(_ method: Method, _ entry: Catalogue.Entry, number: Int = 0) -> Trial? {
    let program = "\(method.build.products(in: examples))/\(entry.program)"
    let racy = [program] + entry.arguments
    // Names of lines are not needed to see whether something was reported.
    let bare = ["TOPHASH_SYMBOLIZER": "", "SWIFT_BACKTRACE": "enable=no"]
    func tophash(_ words: [String], _ command: [String]) -> Trial {
      Trial(path: tool, arguments: words + ["--"] + command, environment: bare)
    }
    switch method {
    case .plain:
      return Trial(path: program, arguments: entry.arguments, environment: bare)
    case .failFast:
      guard let misuser, let scenario = entry.failFast else { return nil }
      return Trial(path: misuser, arguments: [scenario], environment: bare)
    case .caught, .caughtDebug: return tophash(["run", "--quiet"], racy)
    case .unordered: return tophash(["run", "--quiet", "--detect", "unordered", "--strict"], racy)
    case .watch:
      guard let variable = entry.race?.variable else { return nil }
      return tophash(["watch", "--quiet", "--confirm", "--last", "0", variable], racy)
    case .explore:
      return tophash(
        [
          "explore", "--quiet", "--schedules", "\(Self.schedules)", "--seed", "\(number + 1)",
          "--jobs", "1", "--no-shrink", "--save-schedule", "\(Trial.folder)/schedule",
        ], racy)
    case .trace:
      guard let variable = entry.race?.variable else { return nil }
      return tophash(
        ["trace", "--output", "\(Trial.folder)/trace", "--variable", variable], racy)
    case .profile: return tophash(["profile", "--quiet"], racy)
    case .threadSanitizer:
      return Trial(
        path: program, arguments: entry.arguments,
        environment: bare.merging(["TSAN_OPTIONS": "exitcode=66:halt_on_error=1"]) { $1 })
    case .inspect:
      guard entry.race != nil else { return nil }
      return Trial(
        path: tool, arguments: ["inspect", "--reporter", "json", program], environment: bare)
    }
  }

  /// Whether the misuse was noticed.
  package func verdict(
    _ method: Method, _ entry: Catalogue.Entry, _ outcome: Trial.Outcome
  ) -> Verdict {
    switch method {
    case .plain, .failFast: return outcome.status == 0 ? .silent : .noticed
    case .threadSanitizer:
      if outcome.errors.contains("WARNING: ThreadSanitizer: data race") { return .noticed }
      return outcome.status == 0 ? .silent : .crashed
    case .inspect: return Self.visibility(of: entry, in: outcome)
    case .caught, .caughtDebug, .unordered, .watch, .explore:
      return outcome.status == 66 ? .noticed : Self.other(outcome)
    case .trace:
      let isSeen = outcome.errors.contains("two threads were inside of ")
      return isSeen ? .noticed : Self.other(outcome)
    case .profile:
      // Of a program that crashed, too.
      return Self.showsContention(outcome.output) ? .noticed : Self.other(outcome)
    }
  }

  /// Whether a profile has a place where somebody waited for others. Each program with an `async`
  /// main function waits a moment for the main actor when it starts, which says nothing.
  private static func showsContention(_ profile: String) -> Bool {
    profile.split(separator: "\n", omittingEmptySubsequences: false)
      .drop { !$0.hasPrefix("waited for others: ") }.dropFirst()
      .prefix { !$0.isEmpty }
      .contains { !$0.contains("actor DispatchMainExecutor") }
  }

  /// What a run came to in which nothing was noticed.
  private static func other(_ outcome: Trial.Outcome) -> Verdict {
    if outcome.status == 0 { return .silent }
    let error = outcome.errors.split(separator: "\n").last { $0.hasPrefix("tophash: error: ") }
    return error.map { .impossible(String($0.dropFirst("tophash: error: ".count))) } ?? .crashed
  }

  /// What the inspection says of the entry's variable.
  private static func visibility(
    of entry: Catalogue.Entry, in outcome: Trial.Outcome
  ) -> Verdict {
    struct Inspection: Decodable {
      struct Variable: Decodable {
        var name: String
        var visibility: String
      }
      var variables: [Variable]
    }
    guard
      let inspection = try? JSONDecoder().decode(Inspection.self, from: Data(outcome.output.utf8)),
      let variable = inspection.variables.first(where: { $0.name == entry.race?.variable })
    else { return .impossible("the variable has no name in the binary") }
    return variable.visibility == "tracked" ? .noticed : .silent
  }
}
