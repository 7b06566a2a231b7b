import TophashFindings
import TophashInspection
import TophashSymbols

/// Tells reads from writes by the instructions that made them.
final class WatchOperations {
  private let cache: ElfImageCache
  private var images: [String: MemoryUses?] = [:]

  init(cache: ElfImageCache) {
    self.cache = cache
  }

  /// What the instruction before an address in a process does; `nil` when it cannot be told.
  func operation(before address: UInt64, images: [LoadedImage]) -> WatchOperation? {
    guard let image = images.first(where: { $0.range.contains(address) }),
      let uses = uses(of: image.path)
    else { return nil }
    return switch uses.use(before: address &- image.base) {
    case .read: .read
    case .write: .write
    case .atomic: .atomic
    case nil: nil
    }
  }

  /// The conflicts of a process, without those of which both sides are atomic; the probe, which
  /// compared values, may have taken a write for a read.
  func corrected(_ events: EventFile) -> EventFile {
    var events = events
    events.conflicts = events.conflicts.compactMap { conflict in
      var conflict = conflict
      let sides = [conflict.open, conflict.begun].map { side in
        operation(before: side.frames[0], images: events.images)
      }
      if sides == [.atomic, .atomic] { return nil }
      if let operation = sides[0] { conflict.open.set(operation) }
      if let operation = sides[1] { conflict.begun.set(operation) }
      return sides.contains { $0 != .read } ? conflict : nil
    }
    return events
  }

  private func uses(of path: String) -> MemoryUses? {
    if let known = images[path] { return known }
    let uses = (try? cache.image(at: path)).map(MemoryUses.init)
    images[path] = uses
    return uses
  }
}

extension Conflict.Side {
  fileprivate mutating func set(_ operation: WatchOperation) {
    if operation == .read { flags.remove(.modify) } else { flags.insert(.modify) }
  }
}
