import Foundation
import TophashGallery
import TophashMisuses
import TophashReports

/// The gallery's examples, where they are and what is done with them.
struct Hall {
  let examples: String
  private let catalogue: Catalogue
  private let checkout: Checkout?
  private let console = Console()
  private let environment = ProcessEnvironment.current

  /// - Throws: 127 when there are no examples.
  init(examples folder: String?) throws(ToolError) {
    checkout = Checkout(executable: Runner.executable)
    guard let folder = folder ?? checkout.map({ "\($0.root)/Examples" }) else {
      throw ToolError(
        what: "the examples are not here", code: .notFound,
        remedy: "name their folder with --examples, in a checkout of Tophash")
    }
    examples = folder
    do {
      catalogue = try Catalogue(examples: folder)
    } catch {
      throw ToolError(
        what: "'\(folder)/twins.json' does not list the examples: \(error)", code: .notFound,
        remedy: "name another folder with --examples")
    }
  }

  /// All entries, by misuse.
  var list: String {
    let groups = Misuse.all.compactMap { misuse -> String? in
      let entries = catalogue.twins.filter { $0.misuse == misuse.name }
      guard !entries.isEmpty else { return nil }
      return "\(misuse.title) (\(misuse.name))\n" + entries.map { "  \($0.name)\n" }.joined()
    }
    let others = catalogue.twins.filter { $0.misuse == nil }
    let last = "Races whose sides never meet\n" + others.map { "  \($0.name)\n" }.joined()
    return (groups + (others.isEmpty ? [] : [last])).joined(separator: "\n")
      + "\n'tophash gallery run NAME' runs one of them, 'tophash gallery matrix' counts.\n"
  }

  // MARK: - One misuse

  /// Runs one entry under each method.
  func show(_ name: String, runs: Int) throws(ToolError) {
    guard let entry = catalogue.entry(named: name) else {
      let names = catalogue.twins.flatMap { [$0.name, $0.scenario] } + Misuse.all.map(\.name)
      throw ToolError(
        what: "the gallery has no '\(name)'", code: .usage,
        remedy: Suggestion.nearest(to: name, among: names).map { "did you mean '\($0)'?" }
          ?? "'tophash gallery' lists the names")
    }
    let laboratory = try laboratory(for: [.release, .debug])
    let page = entry.misuse.flatMap(Misuse.named).map { MisusePage($0.page) }
    if let page {
      say("# \(page.title)\n\n\(page.section("What happens in memory"))")
      say("## The shortest program that shows it\n\n\(page.firstProgram)")
    }
    say("## As it is, \(runs) times: \(entry.name)\n")
    try alone(entry, laboratory, runs)
    for method in [
      TophashGallery.Method.failFast, .caught, .unordered, .watch, .explore, .trace, .profile,
    ] {
      guard var trial = laboratory.trial(method, entry) else { continue }
      say("\n## \(method.title): \(method.words)\n")
      trial.environment["TOPHASH_SYMBOLIZER"] = environment["TOPHASH_SYMBOLIZER"]
      let outcome = try self.run(trial)
      say(outcome.output.isEmpty ? "nothing was reported\n" : outcome.output)
      if !outcome.errors.isEmpty { say(outcome.errors) }
    }
    if let race = entry.race, let trial = laboratory.trial(.inspect, entry) {
      let verdict = laboratory.verdict(.inspect, entry, try self.run(trial))
      say(
        "\n## inspect: what can be seen of '\(race.variable)' without running it\n"
          + "\nits accesses have a begin and an end in the release build: "
          + (verdict == .noticed ? "yes\n" : "no\n"))
    }
    if let misuse = entry.misuse { say("\nMore: 'tophash explain \(misuse)'\n") }
  }

  /// Runs the program by itself, and says why it survives or not.
  private func alone(
    _ entry: Catalogue.Entry, _ laboratory: Laboratory, _ runs: Int
  ) throws(ToolError) {
    guard let trial = laboratory.trial(.plain, entry) else { return }
    var failed = 0
    for number in 1...runs {
      let outcome = try run(trial)
      if outcome.status != 0 { failed += 1 }
      let end =
        outcome.isSignalled
        ? "ended by signal \(outcome.status - 128)" : "exit status \(outcome.status)"
      say("  run \(number): \(end)\n")
    }
    say(
      failed == 0
        ? """

        It survived each time. The two accesses have to meet within some nanoseconds to do harm, \
        and the harm need not show: an entry that is missing, a number that is too small.

        """
        : """

        It failed \(failed) of \(runs) times, and not where the mistake is: whoever meets the \
        damage crashes. Where it survived, the two accesses did not meet, or the harm did not show.

        """)
  }

  // MARK: - The matrix

  func measure(_ command: Tophash.Gallery.MatrixCommand) throws(ToolError) {
    let methods =
      command.methods.isEmpty
      ? TophashGallery.Method.allCases
      : TophashGallery.Method.allCases.filter(command.methods.contains)
    let entries = catalogue.twins.filter { command.only.map($0.name.contains) ?? true }
    guard !entries.isEmpty else {
      throw ToolError(
        what: "no misuse's name holds '\(command.only ?? "")'", code: .usage,
        remedy: "'tophash gallery' lists the names")
    }
    // Before the runs, so that no result is lost to a wrong name.
    var files: [(destination: ReportDestination, text: (Matrix) -> String)] = []
    if let json = command.json {
      files.append((try ReportDestination(path: json, option: "--json"), \.json))
    }
    if let markdown = command.markdown {
      files.append(
        (try ReportDestination(path: markdown, option: "--markdown"), MatrixTable(.markdown).text))
    }
    if let html = command.html {
      files.append((try ReportDestination(path: html, option: "--html"), MatrixPage().text))
    }
    let builds = Build.allCases.filter { build in methods.contains { $0.build == build } }
    let laboratory = try laboratory(for: builds)
    let jobs = command.jobs ?? 4 * ProcessInfo.processInfo.activeProcessorCount
    let experiment = Experiment(
      laboratory: laboratory, entries: entries, methods: methods, runs: command.runs, jobs: jobs)
    let console = console
    let matrix: Matrix
    do {
      matrix = try experiment.run { done, all in
        if done % 200 == 0 { console.say("\(done) of \(all) runs") }
      }
    } catch {
      throw failure(error)
    }
    for file in files { try file.destination.write(file.text(matrix)) }
    try ReportDestination(path: nil).write(MatrixTable(.text).text(for: matrix))
  }

  // MARK: - What it needs

  private func laboratory(for builds: [Build]) throws(ToolError) -> Laboratory {
    guard let swift = try? ProgramLookup(path: environment["PATH"] ?? "").find("swift") else {
      throw .notFound("'swift'", "the gallery is built by it: put it into PATH")
    }
    // Built once here, not by each of the runs at a time.
    _ = try ProbeLibrary(
      executable: Runner.executable, environment: environment, console: console
    ).locate()
    var laboratory = Laboratory(tool: Runner.executable, examples: examples, misuser: nil)
    if let checkout {
      let misuser = "\(checkout.products)/DictionaryMisuser"
      let status = Command(
        path: swift,
        arguments: [
          "swift", "build", "--product", "DictionaryMisuser", "--configuration",
          checkout.configuration, "--package-path", checkout.root, "--scratch-path",
          checkout.scratch,
        ], environment: environment.map { "\($0.key)=\($0.value)" }
      ).runOnStandardError(isQuiet: false)
      if status == .exited(0) { laboratory.misuser = misuser }
    }
    for build in builds {
      console.say("building the examples (\(build.rawValue))")
      do {
        try laboratory.build(build, swift: swift)
      } catch {
        throw failure(error)
      }
    }
    return laboratory
  }

  private func run(_ trial: Trial) throws(ToolError) -> Trial.Outcome {
    do {
      return try trial.run()
    } catch {
      throw failure(error)
    }
  }

  private func failure(_ error: any Error) -> ToolError {
    let error = error as? GalleryError
    return .toolFailed(
      error?.what ?? "the gallery failed", error?.remedy ?? "try it again")
  }

  private func say(_ text: String) { write(text, to: 1) }
}

extension ToolError {
  /// The code before the remedy, where the remedy is long.
  fileprivate init(what: String, code: ExitStatus, remedy: String) {
    self.init(what: what, remedy: remedy, code: code)
  }
}

/// Parts of a page of `tophash explain`.
struct MisusePage {
  private let lines: [Substring]

  init(_ markdown: String) {
    lines = markdown.split(separator: "\n", omittingEmptySubsequences: false)
  }

  var title: String { String(lines.first?.drop { $0 == "#" || $0 == " " } ?? "") }

  /// What stands under a heading; empty when there is no such heading.
  func section(_ heading: String) -> String {
    let rest = lines.drop { $0 != "## \(heading)" }.dropFirst()
    return rest.prefix { !$0.hasPrefix("## ") }.joined(separator: "\n")
      .trimmingCharacters(in: .newlines) + "\n\n"
  }

  /// The first program on the page, with its fence.
  var firstProgram: String {
    let rest = lines.drop { !$0.hasPrefix("```") }
    guard let end = rest.dropFirst().firstIndex(where: { $0.hasPrefix("```") }) else { return "" }
    return rest[...end].joined(separator: "\n") + "\n\n"
  }
}
