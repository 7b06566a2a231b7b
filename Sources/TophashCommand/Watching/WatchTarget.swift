import TophashFindings
import TophashSymbols

/// A variable that the probe can be told to watch.
struct WatchTarget {
  enum Place {
    /// The address in the image's file.
    case global(UInt64)
    /// The class's descriptor in the file; where its objects keep it, or the word of the
    /// metadata that says so.
    case property(descriptor: UInt64, offset: UInt64?, word: UInt32)
    /// Whatever dictionary has the key.
    case any
    /// What is accessed where a call of the runtime returns to one of these addresses in the file.
    case accesses([UInt64])
  }

  /// What of an entry is watched.
  enum Part: String {
    case value = "v"
    /// The control bytes of the bucket that its key belongs to.
    case control = "c"
  }

  var variable: Variable
  var place: Place
  var size: Int?
  /// The image that declares it.
  var image: String
  /// In the dictionary that the variable holds: how the key reads.
  var key: (text: String, part: Part)?

  /// How many bytes can be watched from the first one: a power of two that the place is aligned to.
  var length: Int {
    var length = 8
    let start =
      switch place {
      case .global(let address): address
      case .property(_, let offset, _): offset ?? 0
      case .any, .accesses: UInt64(0)
      }
    while length > max(size ?? 8, 1) || start % UInt64(length) != 0 { length /= 2 }
    return length
  }

  /// The lines of the probe's file.
  func lines(number: Int) -> [String] {
    var lines =
      switch place {
      case .global(let address):
        ["global \(number) \(length) \(String(address, radix: 16)) \(image)"]
      case .property(let descriptor, let offset, let word):
        [
          "property \(number) \(length) \(String(descriptor, radix: 16)) \(offset.map(String.init) ?? "-1") \(word) \(image)"
        ]
      case .any: ["any \(number)"]
      case .accesses(let addresses):
        addresses.map { "place \(number) \(length) \(String($0, radix: 16)) \(image)" }
      }
    if let key { lines.append("key \(number) \(key.part.rawValue) \(key.text)") }
    return lines
  }

  /// Bytes that are watched, and of the whole: of an entry only the dictionary knows.
  var watchedVariable: WatchedVariable {
    WatchedVariable(
      variable: variable, length: key == nil ? length : 8, size: key == nil ? size : nil,
      isEntry: key != nil, isFoundByAccess: isFoundByAccess)
  }

  var isFoundByAccess: Bool { if case .accesses = place { true } else { false } }
}
