import Foundation

/// Asks another buffer for its length, and then for so many characters: it may have been shortened
/// between (a fault of `StringBuffer` in Java 1.4).
extension Program {
  static let stringBuffer = threads("stringbuffer", "shortened after it was measured") { isFixed in
    let source = Buffer("swift")
    onThreads([
      {
        let text = isFixed ? source.text : source.prefix(source.count)
        check(text != nil, "fewer characters than it had said")
      },
      { source.clear() },
    ])
  }
}

private final class Buffer: @unchecked Sendable {
  private let lock = NSLock()
  private var characters: [Character]

  init(_ text: String) {
    characters = Array(text)
  }

  var count: Int { lock.withLock { characters.count } }
  var text: String? { lock.withLock { String(characters) } }
  func clear() { lock.withLock { characters = [] } }

  func prefix(_ count: Int) -> String? {
    lock.withLock { characters.count < count ? nil : String(characters.prefix(count)) }
  }
}
