// Bodies of tasks, explored in this process: how fast, and whether what is wrong is found.
//
//   TaskOrderExplorer NAME|all [SCHEDULES]
//
// `Scripts/explore in-process` runs it, optimised.

import Dispatch
import Foundation
import TophashSearch
import TophashTaskOrder

let arguments = CommandLine.arguments.dropFirst()
let names = Shape.all.map(\.name)
let name = arguments.first ?? "all"
let schedules = arguments.dropFirst().first.flatMap { Int($0) } ?? 10_000
guard name == "all" || names.contains(name) else {
  print("TaskOrderExplorer all|\(names.joined(separator: "|")) [SCHEDULES]")
  exit(64)
}

await Task(executorPreference: OwnThread()) {
  for shape in Shape.all where name == "all" || shape.name == name {
    let flag = Flag()
    var search = TaskOrderSearch { run in
      if case .returned = run.end { return flag.isSet ? "wrong" : nil }
      return "\(run.end)"
    }
    search.limit = schedules
    let runner = TaskOrderRunner()
    let start = DispatchTime.now()
    let result = search.run(on: runner) {
      flag.isSet = false
      flag.isSet = await !shape.body()
    }
    let seconds = Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) / 1e9
    let found = result.found.map {
      "found by run \($0.number) (\($0.scheduler.map { "\($0)" } ?? "plain")),"
        + " \($0.foundChoices) switches, \($0.run.choices.count) after shrinking,"
        + " replayed \($0.same) of \(TaskOrderSearch.replays): \($0.failure)"
    }
    print(
      "\(shape.name): \(result.runs) schedules, \(result.distinct) different,"
        + " \(Int(Double(result.runs) / seconds))/s, \(result.tasks) tasks, \(result.steps) steps"
        + (result.external > 0 ? ", external \(result.external)" : "")
        + (result.leftBehind > 0 ? ", left behind \(result.leftBehind)" : "")
        + (result.isEverythingTried ? ", everything tried" : "")
        + (found.map { ": " + $0 } ?? ""))
  }
}.value
