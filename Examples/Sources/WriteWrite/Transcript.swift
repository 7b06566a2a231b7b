import Foundation
import Gallery

/// The text of a conversation. Racy: both sides append to one string.
final class Transcript: @unchecked Sendable {
  private var text = ""

  init(capacity: Int) {
    text.reserveCapacity(capacity)
  }

  func ask(_ question: String) {
    text += "Q: \(question)\n"  // race: ask
  }

  func answer(_ answer: String) {
    text += "A: \(answer)\n"  // race: answer
  }
}

/// Fixed: a recursive lock, since answering may ask back.
final class GuardedTranscript: @unchecked Sendable {
  private let lock = NSRecursiveLock()
  private var text = ""

  func ask(_ question: String) {
    lock.withLock { text += "Q: \(question)\n" }
  }

  func answer(_ answer: String) {
    lock.withLock {
      text += "A: \(answer)\n"
      if answer.isEmpty { ask("pardon?") }
    }
  }
}

let string = Scenario("string") {
  let transcript = Transcript(capacity: 64 * 1_024)
  return [
    Worker("customer") { transcript.ask("where is parcel \($0)?") },
    Worker("support") { transcript.answer("parcel \($0) is on its way") },
  ]
} fixed: {
  let transcript = GuardedTranscript()
  return [
    Worker("customer") { transcript.ask("where is parcel \($0)?") },
    Worker("support") { transcript.answer($0 % 10 == 0 ? "" : "parcel \($0) is on its way") },
  ]
}
