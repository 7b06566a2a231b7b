import Testing
import TophashExploration
import TophashSearch
import TophashTestSupport

@Suite struct ScheduleFileTests {
  static let schedule = Schedule(
    command: ["./Account", "two words", "", "quote\"d\\", "line\nbreak"], buildID: "4ad8e9c2",
    seed: 7, scheduler: "pos", failure: "crash: trapped (signal 4)", hash: 0x8ca6_29a6_e8e4_5b6c,
    steps: 26,
    choices: [Choice(thread: 1, step: 5, next: 2), Choice(thread: 2, step: 11, next: 0)],
    notes: ["when thread 1 is about to lock, thread 2 goes first", "and\nback"])

  @Test func `what is written reads back as it was`() throws {
    let read = try ScheduleFile.schedule(from: ScheduleFile.text(Self.schedule))
    var expected = Self.schedule
    expected.notes = []
    #expect(read == expected)
  }

  @Test func `the form is fixed`() {
    #expect(
      ScheduleFile.text(Self.schedule) == """
        tophash-schedule 1
        program ./Account "two words" "" "quote\\"d\\\\" "line\\nbreak"
        build 4ad8e9c2
        seed 7
        scheduler pos
        failure crash: trapped (signal 4)
        hash 8ca629a6e8e45b6c
        steps 26
        # thread, its step, who goes first there
        1 5 2   # when thread 1 is about to lock, thread 2 goes first
        2 11 0   # and back

        """)
  }

  @Test(arguments: [
    ("", 1, "it does not begin with 'tophash-schedule 1'"),
    ("tophash-schedule 2\n", 1, "this tophash reads version 1, not '2'"),
    ("tophash-schedule 1\nseed x\n", 2, "'x' is no number"),
    (
      "tophash-schedule 1\nseed 1\n1 2\n", 3,
      "a deviation is three numbers: thread, its step, who goes first"
    ),
    ("tophash-schedule 1\nprogram \"a\n", 2, "a quotation mark is missing"),
    ("tophash-schedule 1\nnonsense\n", 2, "'nonsense' means nothing here"),
    ("tophash-schedule 1\nseed 1", 2, "no line says 'program'"),
    ("tophash-schedule 1\nprogram a\nfailure b\nsteps 1\n", 5, "no line says 'hash'"),
    ("tophash-schedule 1\nprogram \nfailure b\nhash 1\nsteps 1\n", 6, "'program' names none"),
    (
      "tophash-schedule 1\nprogram a\nfailure b\nhash 1\nsteps 1\n1 2 1", 6,
      "the line has no end: the rest of the file is missing"
    ),
  ])
  func `a mistake names its line`(_ text: String, _ line: Int, _ what: String) {
    #expect(throws: ScheduleFile.Mistake(line: line, what: what)) {
      try ScheduleFile.schedule(from: text)
    }
  }

  @Test func `what is cut off within a line is no schedule`() {
    let text = ScheduleFile.text(Self.schedule)
    for end in text.indices where text[..<end].last?.isNewline != true {
      #expect(throws: ScheduleFile.Mistake.self) {
        try ScheduleFile.schedule(from: String(text[..<end]))
      }
    }
  }
}
