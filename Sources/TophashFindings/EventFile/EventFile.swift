import CTophashProtocol
import TophashSymbols

/// What the probe recorded about one process.
///
/// Read from the bytes of the file that the process mapped, at its end or while it runs. A file
/// that was cut, torn or overwritten gives an `EventFileError`, or records with wrong values,
/// but never a crash: counts are limited to what the protocol can hold and every read is
/// checked.
package struct EventFile: Hashable, Sendable {
  package var header: EventHeader
  /// Accesses over all threads.
  package var accesses: AccessCounts
  /// Addresses that were locked or initialised as a lock.
  package var locks: Set<UInt64>
  package var images: [LoadedImage]
  /// Complete conflicts, in the order of their slots.
  package var conflicts: [Conflict]
  /// Sites at which tracked accesses were looked at, by address.
  package var visits: [SiteVisit]
  /// Tests and the like, by number.
  package var scopes: [UInt32: Scope]

  /// Parses the whole file: one pass over at most some 1.5 MB.
  package init(bytes: [UInt8]) throws(EventFileError) {
    let reader = ByteReader(bytes: bytes)
    header = try EventHeader(reader)
    accesses = try AccessCounts(reader, at: header.layout.counters)
    locks = Set(try reader.words(at: header.layout.locks, count: Int(TOPHASH_LOCKS)))
    locks.remove(0)
    images = try Self.images(reader, header)
    visits = try SiteVisit.all(reader, at: header.layout.visits)
    scopes = try Scope.all(reader, at: header.layout.scopes)
    conflicts = []
    for slot in 0..<header.conflictSlots {
      let start = header.layout.conflict(slot)
      if let conflict = try Conflict(reader, at: start, slot: slot) { conflicts.append(conflict) }
    }
  }

  private static func images(
    _ reader: ByteReader, _ header: EventHeader
  ) throws(EventFileError) -> [LoadedImage] {
    var images: [LoadedImage] = []
    for index in 0..<header.imageSlots {
      let start = header.layout.images + index * MemoryLayout<tophash_image>.stride
      let low = try reader.field(\tophash_image.low, of: start)
      let high = try reader.field(\tophash_image.high, of: start)
      // A slot that was claimed and not yet filled in has an empty range.
      guard low < high else { continue }
      images.append(
        LoadedImage(
          path: try reader.text(\tophash_image.path, of: start),
          base: try reader.field(\tophash_image.base, of: start),
          range: low..<high))
    }
    return images
  }
}
