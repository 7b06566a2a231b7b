import TophashFindings
import TophashInspection
import TophashSymbols

/// What sites are called in the trap file, and where they are in the files that have them.
struct SiteNames {
  private var images: [String: ElfImage?] = [:]
  private var calls: [String: AccessCalls] = [:]

  /// Whether the file can be read.
  mutating func knows(_ path: String) -> Bool { image(path) != nil }

  /// Where a trap is in a file; `nil` when it is there no more.
  mutating func address(of trap: Trap, in path: String) -> UInt64? {
    if trap.symbol.isEmpty {
      return image(path)?.buildID == trap.buildID ? trap.call : nil
    }
    return Int(exactly: trap.call).flatMap { call in
      accessCalls(path)?.address(of: AccessCalls.Name(symbol: trap.symbol, call: call))
    }
  }

  /// What a visit teaches, under the name of its site; `nil` when it is in none of the images.
  mutating func lesson(_ visit: SiteVisit, in images: [LoadedImage]) -> TrapFile.Lesson? {
    guard let loaded = images.first(where: { $0.range.contains(visit.address) }),
      let image = image(loaded.path)
    else { return nil }
    let address = visit.address &- loaded.base
    let name = accessCalls(loaded.path)?.name(of: address)
    let key = Trap.Key(
      image: loaded.path.split(separator: "/").last.map(String.init) ?? loaded.path,
      symbol: name?.symbol ?? "", call: name.map { UInt64($0.call) } ?? address)
    return TrapFile.Lesson(key: key, buildID: image.buildID ?? "", visit: visit)
  }

  private mutating func image(_ path: String) -> ElfImage? {
    if let known = images[path] { return known }
    let image = try? ElfImage(path: path)
    images[path] = image
    return image
  }

  private mutating func accessCalls(_ path: String) -> AccessCalls? {
    if let known = calls[path] { return known }
    guard let image = image(path) else { return nil }
    let calls = AccessCalls(image)
    self.calls[path] = calls
    return calls
  }
}
