import Testing
import TophashSearch

@testable import TophashTaskOrder

@Suite struct TaskOrderScheduleTests {
  @Test(
    arguments: [
      ("tasks1", [], nil), ("tasks1 #1f", [], 0x1f),
      (
        "tasks1 1.2>3 0.12>4 #8ca629a6e8e45b6c",
        [Choice(thread: 1, step: 2, next: 3), Choice(thread: 0, step: 12, next: 4)],
        0x8ca6_29a6_e8e4_5b6c
      ),
    ] as [(String, [Choice], UInt64?)])
  func `the form is fixed, and reads back`(_ text: String, _ choices: [Choice], _ hash: UInt64?)
    throws
  {
    let schedule = TaskOrderSchedule(choices: choices, hash: hash)
    #expect(schedule.text == text)
    #expect(try TaskOrderSchedule(text: text) == schedule)
    #expect(try TaskOrderSchedule(text: "  \(text)\n") == schedule)
  }

  @Test(arguments: [
    ("", "it is empty"), ("tasks2 1.2>3", "it begins with 'tasks2', and not with 'tasks1'"),
    ("tasks1 1.2", "'1.2' is no switch: task.step>task"),
    ("tasks1 1>2.3", "'1>2.3' is no switch: task.step>task"),
    ("tasks1 1.2>x", "'1.2>x' is no switch: task.step>task"),
    ("tasks1 -1.2>3", "'-1.2>3' is no switch: task.step>task"),
    ("tasks1 #xyz", "'#xyz' is no hash"), ("tasks1 #1 1.2>3", "'1.2>3' follows the hash"),
  ])
  func `a mistake is named`(_ text: String, _ what: String) {
    #expect(throws: TaskOrderSchedule.Mistake(what: what)) { try TaskOrderSchedule(text: text) }
  }
}
