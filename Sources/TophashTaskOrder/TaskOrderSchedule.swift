import TophashSearch

/// An order of tasks in one line: `tasks1 2.1>3 1.4>2 #8ca629a6e8e45b6c`.
///
/// The version; where it leaves the plain order, as *task, how often it has gone on, who goes
/// first*; and the hash of the run, by which another way is noticed. In the plain order a task
/// goes on until it waits or yields, and then the next one by number.
package struct TaskOrderSchedule: Hashable, Sendable {
  package var choices: [Choice]
  /// `nil` when it is not known what should happen, as after a crash.
  package var hash: UInt64?

  package init(choices: [Choice], hash: UInt64?) {
    self.choices = choices
    self.hash = hash
  }

  package init(_ run: TaskOrderRun) { self.init(choices: run.choices, hash: run.hash) }

  static let version = "tasks1"

  package var text: String {
    var words = [Self.version]
    words += choices.map { "\($0.thread).\($0.step)>\($0.next)" }
    if let hash { words.append("#" + String(hash, radix: 16)) }
    return words.joined(separator: " ")
  }

  /// Why a text is no order of tasks.
  package struct Mistake: Error, Equatable {
    package var what: String
  }

  package init(text: String) throws(Mistake) {
    var words = text.split(whereSeparator: \.isWhitespace)[...]
    guard let version = words.popFirst() else { throw Mistake(what: "it is empty") }
    guard version == Self.version else {
      throw Mistake(what: "it begins with '\(version.prefix(40))', and not with '\(Self.version)'")
    }
    self.init(choices: [], hash: nil)
    for word in words {
      guard hash == nil else { throw Mistake(what: "'\(word.prefix(40))' follows the hash") }
      if word.first == "#" {
        guard let number = UInt64(word.dropFirst(), radix: 16) else {
          throw Mistake(what: "'\(word.prefix(40))' is no hash")
        }
        hash = number
      } else {
        choices.append(try Self.choice(word))
      }
    }
  }

  private static func choice(_ word: Substring) throws(Mistake) -> Choice {
    let parts = word.split(omittingEmptySubsequences: false) { $0 == "." || $0 == ">" }
    let numbers = parts.compactMap { UInt16($0) }
    guard numbers.count == 3, parts.count == 3, word == "\(parts[0]).\(parts[1])>\(parts[2])" else {
      throw Mistake(what: "'\(word.prefix(40))' is no switch: task.step>task")
    }
    return Choice(thread: Int(numbers[0]), step: Int(numbers[1]), next: Int(numbers[2]))
  }
}
