// Programs that fail in some orders of their threads and in no other, each with its correct twin.
//
//   ScheduleCorpus NAME            the program that is wrong
//   ScheduleCorpus --fixed NAME    its twin
//   ScheduleCorpus --list          all names: group, name, idea
//
// To be explored: `tophash explore --allow-overlaps -- ScheduleCorpus reorder_20`. Run by itself
// nearly each of them ends well nearly always.
//
// What several threads use here is in classes that are `@unchecked Sendable`. Whether their guards
// suffice is what each program is about: in the twins they do.

import Foundation

let arguments = CommandLine.arguments.dropFirst()
if Array(arguments) == ["--list"] {
  for program in Program.all { print(program.group, program.name, program.idea, separator: "\t") }
  exit(0)
}
let isFixed = arguments.first == "--fixed"
guard arguments.count == (isFixed ? 2 : 1), let program = Program.named(arguments.last!) else {
  print("ScheduleCorpus [--fixed] NAME, or --list")
  exit(64)
}
switch program.body {
case .threads(let run): run(isFixed)
case .tasks(let run):
  Task {
    await run(isFixed)
    exit(0)
  }
  dispatchMain()
}
