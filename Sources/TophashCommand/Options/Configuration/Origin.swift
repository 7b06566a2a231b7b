/// Where the value of a setting comes from.
enum Origin: Hashable {
  /// Nobody gave one.
  case standard
  case file(Position)
  case variable
  case flag

  /// A place in a text file; lines and columns count from 1, columns in Unicode scalars.
  struct Position: Hashable, CustomStringConvertible {
    var path: String
    var line: Int
    var column: Int

    var description: String { "\(path):\(line):\(column)" }
  }
}

/// A value that one of the places gives to a key. A flag may have none.
struct Assignment: Hashable {
  var key: String
  var value: String?
  var origin: Origin
}
