import Foundation

/// Races whose two sides never meet: one is over long before the other begins. No lock is missed
/// by chance; nothing orders the two but time, and a slower machine would turn them around.
///
/// Usage: `NeverMeet SCENARIO racy|fixed`.
@main
struct NeverMeet {
  static let scenarios =
    [handOver, hotReaders, childTasks, twoActors] + [concurrentQueue, twoQueues, performTwice]
    + [lazyInitialisation, notificationList, threadResult, groupResult, pollResult]
    + [rareWriter, unawaitedTask, asyncLet] + [earlySignal, earlyResume, earlyYield]
    + [unlockedRead, mutexOnOneSide, operations]

  static func main() async {
    let arguments = CommandLine.arguments
    guard arguments.count >= 3, let scenario = scenarios.first(where: { $0.name == arguments[1] }),
      ["racy", "fixed"].contains(arguments[2])
    else {
      print("usage: NeverMeet SCENARIO racy|fixed")
      print("scenarios: \(scenarios.map(\.name).joined(separator: ", "))")
      exit(64)
    }
    await (arguments[2] == "racy" ? scenario.racy : scenario.fixed)()
    print("\(scenario.name): done")
  }
}

/// A race that happens once, and the same without it.
struct Meeting: Sendable {
  var name: String
  var racy: @Sendable () async -> Void
  var fixed: @Sendable () async -> Void

  init(
    _ name: String, racy: @escaping @Sendable () async -> Void,
    fixed: @escaping @Sendable () async -> Void
  ) {
    self.name = name
    self.racy = racy
    self.fixed = fixed
  }
}
