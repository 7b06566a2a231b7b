/// The sections that lines and functions are read from.
struct DwarfSections {
  var line: Bytes?
  var lineStrings: Bytes?
  var strings: Bytes?
  var info: Bytes?
  var abbreviations: Bytes?
  var ranges: Bytes?
  var rangeLists: Bytes?
  var addresses: Bytes?
  var stringOffsets: Bytes?

  /// The image's own sections; compressed ones count as absent.
  init(_ image: ElfImage) {
    func contents(_ name: String) -> Bytes? {
      guard let section = image.section(named: name), !section.isCompressed else { return nil }
      return image.contents(of: section)
    }
    line = contents(".debug_line")
    lineStrings = contents(".debug_line_str")
    strings = contents(".debug_str")
    info = contents(".debug_info")
    abbreviations = contents(".debug_abbrev")
    ranges = contents(".debug_ranges")
    rangeLists = contents(".debug_rnglists")
    addresses = contents(".debug_addr")
    stringOffsets = contents(".debug_str_offsets")
  }
}
