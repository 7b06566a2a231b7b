/// A file that was mapped into the checked process, and where.
package struct LoadedImage: Hashable, Sendable {
  /// The file's path as the process saw it.
  package var path: String
  /// Load bias: an address in memory minus the same address in the file.
  package var base: UInt64
  /// The addresses in memory that belong to it.
  package var range: Range<UInt64>

  package init(path: String, base: UInt64, range: Range<UInt64>) {
    self.path = path
    self.base = base
    self.range = range
  }
}
