import CTophashProtocol

/// A site that ran in a process, and what its trap came to.
///
/// Only tracked accesses have visits. The first ones of a site on each thread are all looked at.
package struct SiteVisit: Hashable, Sendable {
  /// Return address of the announcement, in the process.
  package var address: UInt64
  /// Whether a visit came to a variable that another task or thread had accessed before.
  package var isShared: Bool
  /// How long the trap there holds, in nanoseconds; 0 without one.
  package var holdTime: UInt64
  package var holds: UInt32
  /// Times when another side came here shortly before or after.
  package var nearMisses: UInt32
  /// Holds in which another side came.
  package var caught: UInt32
  package var heldNanoseconds: UInt64
  /// Holds after which another side came at once, having done nothing meanwhile: it waited.
  package var delays: UInt32

  package init(
    address: UInt64, isShared: Bool = false, holdTime: UInt64 = 0, holds: UInt32 = 0,
    nearMisses: UInt32 = 0,
    caught: UInt32 = 0, heldNanoseconds: UInt64 = 0, delays: UInt32 = 0
  ) {
    self.address = address
    self.isShared = isShared
    self.holdTime = holdTime
    self.holds = holds
    self.nearMisses = nearMisses
    self.caught = caught
    self.heldNanoseconds = heldNanoseconds
    self.delays = delays
  }

  static func all(_ reader: ByteReader, at start: Int) throws(EventFileError) -> [SiteVisit] {
    var visits: [SiteVisit] = []
    for index in 0..<Int(TOPHASH_VISITS) {
      let base = start + index * MemoryLayout<tophash_visited>.stride
      let address = try reader.field(\tophash_visited.pc, of: base)
      if address == 0 { continue }
      visits.append(
        SiteVisit(
          address: address,
          isShared: try reader.field(\tophash_visited.flags, of: base)
            & TOPHASH_VISITED_SHARED.rawValue != 0,
          holdTime: try reader.field(\tophash_visited.hold_ns, of: base),
          holds: try reader.field(\tophash_visited.holds, of: base),
          nearMisses: try reader.field(\tophash_visited.near_misses, of: base),
          caught: try reader.field(\tophash_visited.caught, of: base),
          heldNanoseconds: try reader.field(\tophash_visited.held_ns, of: base),
          delays: try reader.field(\tophash_visited.delays, of: base)))
    }
    return visits.sorted { $0.address < $1.address }
  }
}
