extension String {
  /// Its lines, as compilers count them: ended by a line feed, which a carriage return may precede.
  package var sourceLines: [Substring] {
    utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
      Substring(line.last == UInt8(ascii: "\r") ? line.dropLast() : line)
    }
  }
}
