import TophashSearch

/// A schedule as text: a version, a few facts, and one deviation a line.
///
///     tophash-schedule 1
///     program .build/debug/Account 10
///     build 4ad8e9c2
///     seed 7
///     scheduler pos
///     failure crash: trapped (signal 4)
///     hash 8ca629a6e8e45b6c
///     steps 26
///     # thread, its step, who goes first there
///     1 5 2   # thread 1 before it modifies Account.balance, Account.swift:5:9
package enum ScheduleFile {
  package static let version = 1

  /// Why a text is no schedule: one line, which names the line of the text.
  package struct Mistake: Error, Equatable {
    package var line: Int
    package var what: String

    package init(line: Int, what: String) {
      self.line = line
      self.what = what
    }
  }

  // MARK: Writing

  package static func text(_ schedule: Schedule) -> String {
    var lines = [
      "tophash-schedule \(version)",
      "program \(schedule.command.map(quoted).joined(separator: " "))",
      "build \(schedule.buildID.isEmpty ? "unknown" : schedule.buildID)",
      "seed \(schedule.seed)",
      "scheduler \(schedule.scheduler)",
      "failure \(oneLine(schedule.failure))",
      "hash \(String(schedule.hash, radix: 16))",
      "steps \(schedule.steps)",
      "# thread, its step, who goes first there",
    ]
    for (index, choice) in schedule.choices.enumerated() {
      let note =
        schedule.notes.indices.contains(index) ? "   # " + oneLine(schedule.notes[index]) : ""
      lines.append("\(choice.thread) \(choice.step) \(choice.next)\(note)")
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func oneLine(_ text: String) -> String {
    String(text.map { $0.isNewline ? " " : $0 })
  }

  /// A word that reads back as itself, whatever is in it.
  private static func quoted(_ word: String) -> String {
    let isPlain = word.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != 0x5c }
    if isPlain, !word.isEmpty, !word.contains(where: \.isWhitespace) { return word }
    var text = "\""
    for scalar in word.unicodeScalars {
      switch scalar {
      case "\"", "\\": text += "\\" + String(scalar)
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }

  // MARK: Reading

  package static func schedule(from text: String) throws(Mistake) -> Schedule {
    var schedule = Schedule(
      command: [], buildID: "", seed: 0, scheduler: "", failure: "", hash: 0, steps: 0, choices: [])
    let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
    guard let first = lines.first, first.hasPrefix("tophash-schedule ") else {
      throw Mistake(line: 1, what: "it does not begin with 'tophash-schedule \(version)'")
    }
    guard first.dropFirst(17) == "\(version)" else {
      throw Mistake(
        line: 1, what: "this tophash reads version \(version), not '\(first.dropFirst(17))'")
    }
    var missing = Self.required
    for (index, line) in lines.enumerated().dropFirst() {
      missing.removeAll { line.hasPrefix($0 + " ") }
      do throws(Mistake) {
        try read(line, into: &schedule)
      } catch {
        throw Mistake(line: index + 1, what: error.what)
      }
    }
    if let fact = missing.first {
      throw Mistake(line: lines.count, what: "no line says '\(fact)'")
    }
    guard !schedule.command.isEmpty else {
      throw Mistake(line: lines.count, what: "'program' names none")
    }
    // The last number may be half of one.
    guard lines.last?.isEmpty == true else {
      throw Mistake(line: lines.count, what: "the line has no end: the rest of the file is missing")
    }
    return schedule
  }

  /// Without them, nobody could say whether a run was the same.
  private static let required = ["program", "failure", "hash", "steps"]

  private static func read(_ line: Substring, into schedule: inout Schedule) throws(Mistake) {
    guard let first = line.first(where: { !$0.isWhitespace }), first != "#" else { return }
    if first.isNumber {
      schedule.choices.append(try choice(line))
      return
    }
    let key = line.prefix { !$0.isWhitespace }
    let value = String(line.dropFirst(key.count + 1))
    switch key {
    case "program": schedule.command = try words(value)
    case "build": schedule.buildID = value == "unknown" ? "" : value
    case "seed": schedule.seed = try number(value, UInt64(value))
    case "scheduler": schedule.scheduler = value
    case "failure": schedule.failure = value
    case "hash": schedule.hash = try number(value, UInt64(value, radix: 16))
    case "steps":
      schedule.steps = try number(value, Int(value).flatMap { $0 >= 0 ? $0 : nil })
    default: throw Mistake(line: 0, what: "'\(key.prefix(40))' means nothing here")
    }
  }

  private static func number<Number>(_ text: String, _ parsed: Number?) throws(Mistake) -> Number {
    guard let parsed else { throw Mistake(line: 0, what: "'\(text.prefix(40))' is no number") }
    return parsed
  }

  private static func choice(_ line: Substring) throws(Mistake) -> Choice {
    let numbers = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).map { Int32($0) }
    guard numbers.count == 3, numbers.allSatisfy({ ($0 ?? -1) >= 0 }) else {
      throw Mistake(line: 0, what: "a deviation is three numbers: thread, its step, who goes first")
    }
    return Choice(thread: Int(numbers[0]!), step: Int(numbers[1]!), next: Int(numbers[2]!))
  }

  private static func words(_ text: String) throws(Mistake) -> [String] {
    var words: [String] = []
    var word: String?
    var isQuoted = false
    var scalars = text.unicodeScalars.makeIterator()
    while let scalar = scalars.next() {
      switch scalar {
      case "\"":
        isQuoted.toggle()
        word = word ?? ""
      case "\\" where isQuoted:
        guard let next = scalars.next() else { break }
        let meant: Unicode.Scalar =
          next == "n" ? "\n" : next == "r" ? "\r" : next == "t" ? "\t" : next
        word = (word ?? "") + String(meant)
      case " " where !isQuoted:
        if let complete = word { words.append(complete) }
        word = nil
      default: word = (word ?? "") + String(scalar)
      }
    }
    guard !isQuoted else { throw Mistake(line: 0, what: "a quotation mark is missing") }
    if let word { words.append(word) }
    return words
  }
}
