import Foundation
import Gallery

/// Translations. Racy: a static property, filled on demand.
enum Phrasebook {
  nonisolated(unsafe) private static var phrases = ["hello": "bonjour", "thanks": "merci"]

  static func learn(_ phrase: String, as translation: String) {
    phrases[phrase] = translation  // race: learn
  }

  static func translate(_ phrase: String) -> String? {
    phrases[phrase]  // race: translate
  }
}

/// Fixed: a static lock beside it, taken by everyone.
enum GuardedPhrasebook {
  private static let lock = NSLock()
  nonisolated(unsafe) private static var phrases = ["hello": "bonjour", "thanks": "merci"]

  static func learn(_ phrase: String, as translation: String) {
    lock.withLock { phrases[phrase] = translation }
  }

  static func translate(_ phrase: String) -> String? {
    lock.withLock { phrases[phrase] }
  }
}

let staticProperty = Scenario("static") {
  [
    Worker("teacher") { _ in Phrasebook.learn("thanks", as: "merci bien") },
    Worker("tourist") { _ in precondition(Phrasebook.translate("hello") == "bonjour") },
  ]
} fixed: {
  [
    Worker("teacher") { _ in GuardedPhrasebook.learn("thanks", as: "merci bien") },
    Worker("tourist") { _ in precondition(GuardedPhrasebook.translate("hello") == "bonjour") },
  ]
}
