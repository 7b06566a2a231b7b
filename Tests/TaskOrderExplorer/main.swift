// Bodies of tasks, explored in this process: whether what is wrong is found, and how fast orders
// of what is right are run.
//
//   TaskOrderExplorer NAME|all [SCHEDULES]
//
// `Scripts/explore-in-process` runs it, optimised.

import Dispatch
import Foundation
import TophashSearch
import TophashTaskOrder

let arguments = CommandLine.arguments.dropFirst()
let shapes = Shape.all + [Shape.traps]
let names = shapes.map(\.name)
let name = arguments.first ?? "all"
let schedules = arguments.dropFirst().first.flatMap { Int($0) } ?? 10_000
guard name == "all" || names.contains(name) else {
  print("TaskOrderExplorer all|\(names.joined(separator: "|")) [SCHEDULES]")
  exit(64)
}

await Task(executorPreference: OwnThread()) {
  for shape in name == "all" ? Shape.all : shapes.filter({ $0.name == name }) {
    let portfolio = explore(shape, schedules).result
    var line = "\(shape.name): \(portfolio.tasks) tasks, \(portfolio.steps) steps"
    if let found = portfolio.found {
      let by = found.scheduler.map { "run \(found.number), \($0.rawValue)" } ?? "the plain order"
      line +=
        "; \(found.failure): found by \(by), \(found.run.choices.count) switches"
        + ", replayed \(found.same) of \(TaskOrderSearch.replays)"
    } else {
      let (result, seconds) = explore(shape, schedules, only: .random)
      line +=
        "; \(result.runs) random schedules, \(result.distinct) different,"
        + " \(Int(Double(result.runs) / seconds))/s"
      if portfolio.isEverythingTried { line += "; every order tried in \(portfolio.runs)" }
    }
    if portfolio.external > 0 { line += "; something came from outside" }
    print(line)
  }
}.value

/// Explores a body, and says how long that took.
func explore(
  _ shape: Shape, _ schedules: Int, only: Scheduler? = nil
) -> (result: TaskOrderSearch.Result, seconds: Double) {
  let isRight = Flag()
  var search = TaskOrderSearch { run in
    if case .returned = run.end { return isRight.isSet ? nil : "wrong" }
    return "\(run.end)"
  }
  search.limit = schedules
  search.only = only
  let runner = TaskOrderRunner()
  let start = DispatchTime.now()
  let result = search.run(on: runner) {
    isRight.isSet = false
    isRight.isSet = await shape.body()
  }
  return (result, Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) / 1e9)
}
