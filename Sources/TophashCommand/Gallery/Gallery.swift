import ArgumentParser
import Foundation
import TophashGallery

extension Tophash {
  /// `tophash gallery`: every misuse, live, and which method notices which.
  struct Gallery: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show the misuses of a shared dictionary, and which method notices which.",
      discussion: """
        The gallery is the folder Examples of a checkout of Tophash: racy programs, each with its \
        fixed twin. They are built when they are needed.
        """,
      subcommands: [List.self, Show.self, MatrixCommand.self], defaultSubcommand: List.self)
  }
}

extension Tophash.Gallery {
  /// Where the examples are.
  struct Place: ParsableArguments {
    @Option(
      help: ArgumentHelp(
        "The examples, when tophash is not run in its checkout.", valueName: "folder"),
      completion: .directory)
    var examples: String?
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the misuses.")

    @OptionGroup var place: Place

    func run() throws {
      try Console().reporting { () throws(ToolError) in
        let hall = try Hall(examples: place.examples)
        try ReportDestination(path: nil).write(hall.list)
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "run", abstract: "Run a misuse under each method, with words for learners.")

    @OptionGroup var place: Place

    @Option(help: ArgumentHelp("How often it is run as it is.", valueName: "number"))
    var runs = 5

    @Argument(help: "A name from the list, or a rule as a report names it.")
    var name: String

    func validate() throws {
      if runs < 1 { throw ValidationError("'--runs' takes a number from 1 on, not \(runs).") }
    }

    func run() throws {
      try Console().reporting { () throws(ToolError) in
        try Hall(examples: place.examples).show(name, runs: runs)
      }
    }
  }

  struct MatrixCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "matrix",
      abstract: "Count how often each method notices each misuse, and what it costs.",
      discussion: """
        Builds the examples, runs the racy twin of each under each method, and prints what came \
        of it. Every number is measured by this command.
        """)

    @OptionGroup var place: Place

    @Option(help: ArgumentHelp("How often each is run.", valueName: "number"))
    var runs = 20

    @Option(
      help: ArgumentHelp(
        "How many are run at one time. (default: 4 per processor)", valueName: "number"))
    var jobs: Int?

    @Option(help: ArgumentHelp("Only misuses whose name holds this.", valueName: "text"))
    var only: String?

    @Option(
      parsing: .upToNextOption, help: ArgumentHelp("Only these methods.", valueName: "method"))
    var methods: [TophashGallery.Method] = []

    @Option(
      help: ArgumentHelp("Write the numbers as JSON.", valueName: "file"), completion: .file())
    var json: String?

    @Option(
      help: ArgumentHelp("Write the tables as Markdown.", valueName: "file"), completion: .file())
    var markdown: String?

    @Option(
      help: ArgumentHelp("Write a heat map as one page.", valueName: "file"), completion: .file())
    var html: String?

    func validate() throws {
      for (name, value) in [("runs", runs), ("jobs", jobs ?? 1)] where value < 1 {
        throw ValidationError("'--\(name)' takes a number from 1 on, not \(value).")
      }
    }

    func run() throws {
      try Console().reporting { () throws(ToolError) in
        try Hall(examples: place.examples).measure(self)
      }
    }
  }
}

extension TophashGallery.Method: ExpressibleByArgument {}
