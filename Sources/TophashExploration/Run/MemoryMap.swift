import TophashSymbols

/// The files that a process has mapped, read from the system's list.
struct MemoryMap {
  private var order: [String] = []
  private var ranges: [String: Range<UInt64>] = [:]
  private var bases: [String: UInt64] = [:]

  /// Takes one line: `55e0c000-55e0d000 r-xp 00001000 08:01 42   /usr/bin/program`.
  mutating func add(_ line: String) {
    let fields = line.split(maxSplits: 5) { $0 == " " || $0 == "\n" }
    guard fields.count == 6 else { return }
    let path = String(fields[5].drop { $0 == " " }.prefix { $0 != "\n" })
    let ends = fields[0].split(separator: "-").map { UInt64($0, radix: 16) }
    guard path.hasPrefix("/"), ends.count == 2, let low = ends[0], let high = ends[1], low < high,
      let offset = UInt64(fields[2], radix: 16)
    else { return }
    if let known = ranges[path] {
      ranges[path] = min(known.lowerBound, low)..<max(known.upperBound, high)
    } else {
      order.append(path)
      ranges[path] = low..<high
    }
    // The first part of a file begins with its header, whose address in the file is 0 for
    // everything that can be loaded anywhere.
    if offset == 0, bases[path] == nil { bases[path] = low }
  }

  var images: [LoadedImage] {
    order.compactMap { path in
      guard let base = bases[path], let range = ranges[path] else { return nil }
      return LoadedImage(path: path, base: base, range: range)
    }
  }
}
