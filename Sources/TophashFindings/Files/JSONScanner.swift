/// Goes through a JSON text once: tells where it is no JSON, and where a value stands that a
/// decoder complained of, which knows only the path to it.
struct JSONScanner {
  enum Step: Hashable {
    case key(String)
    case index(Int)
  }

  struct Failure: Error {
    var offset: Int
    var what: String
  }

  /// Where the value stands to which the path leads, or the innermost one on the way that is there.
  private(set) var found = 0

  private let bytes: [UInt8]
  private let path: [Step]
  private var place = 0
  private var depth = 0

  init(_ bytes: [UInt8], path: [Step]) {
    self.bytes = bytes
    self.path = path
  }

  /// As deep as Foundation's decoder goes.
  private static let deepest = 512

  mutating func scan() throws(Failure) {
    if bytes.starts(with: [0xef, 0xbb, 0xbf]) { place = 3 }
    try value(onPath: true)
    skipSpaces()
    if place < bytes.count { throw failure("nothing more was expected") }
  }

  /// - Parameter isOnPath: whether the steps so far led here.
  private mutating func value(onPath isOnPath: Bool) throws(Failure) {
    skipSpaces()
    if isOnPath { found = place }
    guard let byte = current else { throw failure("the text ends too early") }
    switch byte {
    case UInt8(ascii: "{"): try object(isOnPath)
    case UInt8(ascii: "["): try array(isOnPath)
    case UInt8(ascii: "\""): _ = try string()
    case UInt8(ascii: "t"): try word("true")
    case UInt8(ascii: "f"): try word("false")
    case UInt8(ascii: "n"): try word("null")
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number()
    default: throw failure("a value was expected")
    }
  }

  private mutating func object(_ isOnPath: Bool) throws(Failure) {
    try enter()
    skipSpaces()
    if take("}") {
      depth -= 1
      return
    }
    repeat {
      skipSpaces()
      guard current == UInt8(ascii: "\"") else { throw failure("a key was expected") }
      let key = try string()
      skipSpaces()
      guard take(":") else { throw failure("':' was expected") }
      try value(onPath: isOnPath && step == .key(key))
      skipSpaces()
    } while take(",")
    guard take("}") else { throw failure("',' or '}' was expected") }
    depth -= 1
  }

  private mutating func array(_ isOnPath: Bool) throws(Failure) {
    try enter()
    skipSpaces()
    if take("]") {
      depth -= 1
      return
    }
    var index = 0
    repeat {
      try value(onPath: isOnPath && step == .index(index))
      index += 1
      skipSpaces()
    } while take(",")
    guard take("]") else { throw failure("',' or ']' was expected") }
    depth -= 1
  }

  /// The step that leads on from the value that is being read; only asked on the path, where each
  /// level is one step.
  private var step: Step? { path.indices.contains(depth - 1) ? path[depth - 1] : nil }

  private mutating func enter() throws(Failure) {
    guard depth < Self.deepest else { throw failure("it is nested too deeply") }
    depth += 1
    place += 1
  }

  private mutating func string() throws(Failure) -> String {
    let start = place
    place += 1
    while let byte = current {
      switch byte {
      case UInt8(ascii: "\""):
        place += 1
        let content = bytes[(start + 1)..<(place - 1)]
        guard let text = String(validating: content, as: UTF8.self) else {
          throw Failure(offset: start, what: "this text is no UTF-8")
        }
        return text
      case UInt8(ascii: "\\"): try escape()
      case 0..<0x20: throw failure("a text may not hold a control character")
      default: place += 1
      }
    }
    throw failure("a text is not closed")
  }

  private mutating func escape() throws(Failure) {
    let start = place
    place += 1
    guard let kind = current else { throw failure("a text is not closed") }
    place += 1
    if kind == UInt8(ascii: "u") {
      for _ in 0..<4 {
        guard let digit = current, Character(Unicode.Scalar(digit)).isHexDigit else {
          throw Failure(offset: start, what: "four hexadecimal digits were expected")
        }
        place += 1
      }
    } else if !"\"\\/bfnrt".utf8.contains(kind) {
      throw Failure(offset: start, what: "there is no such escape")
    }
  }

  private mutating func number() throws(Failure) {
    let start = place
    _ = take("-")
    let hasZero = current == UInt8(ascii: "0")
    let whole = digits()
    var isWell = whole > 0 && !(hasZero && whole > 1)
    if take(".") { isWell = digits() > 0 && isWell }
    if take("e") || take("E") {
      _ = take("+") || take("-")
      isWell = digits() > 0 && isWell
    }
    if !isWell { throw Failure(offset: start, what: "this is no number") }
  }

  private mutating func digits() -> Int {
    let start = place
    while let byte = current, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { place += 1 }
    return place - start
  }

  private mutating func word(_ word: String) throws(Failure) {
    guard bytes[place...].starts(with: word.utf8) else { throw failure("a value was expected") }
    place += word.utf8.count
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard current == UInt8(ascii: character) else { return false }
    place += 1
    return true
  }

  private mutating func skipSpaces() {
    while let byte = current, byte == 0x20 || (0x09...0x0d).contains(byte) && byte != 0x0b {
      place += 1
    }
  }

  private var current: UInt8? { place < bytes.count ? bytes[place] : nil }

  private func failure(_ what: String) -> Failure { Failure(offset: place, what: what) }
}
