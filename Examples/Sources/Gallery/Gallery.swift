import Foundation

/// The scenarios of one program, chosen on the command line.
public struct Gallery {
  private let scenarios: [Scenario]

  /// Creates a gallery of `scenarios`, each with a name of its own.
  public init(_ scenarios: Scenario...) {
    self.scenarios = scenarios
  }

  /// Runs what the command line asks for: `SCENARIO racy|fixed [tasks|dispatch|threads]`.
  ///
  /// Ends the process with status 64 when the arguments make no sense.
  public func run() async {
    let arguments = CommandLine.arguments.dropFirst()
    guard (2...3).contains(arguments.count), let name = arguments.first,
      let scenario = scenarios.first(where: { $0.name == name }),
      let twin = Twin(rawValue: arguments[2]),
      let runtime = Runtime(rawValue: arguments.count == 3 ? arguments[3] : "tasks")
    else {
      print("usage: PROGRAM SCENARIO racy|fixed [tasks|dispatch|threads]")
      print("scenarios: \(scenarios.map(\.name).joined(separator: ", "))")
      exit(64)
    }

    let workers = scenario.workers(twin)
    await runtime.run(workers)
    for worker in workers {
      print("\(worker.name): \(worker.rounds) rounds")
    }
  }
}
