import CTophashProtocol
import TophashFindings

/// Notices new conflicts while the program runs.
///
/// A look costs one page per process, and a whole event file only where something is new.
struct SessionWatcher {
  /// A conflict that was not there at the last look.
  struct News {
    var file: String
    var process: EventFile
    var conflict: Conflict
  }

  let directory: SessionDirectory
  private var seen: [String: Set<Int>] = [:]

  init(directory: SessionDirectory) {
    self.directory = directory
  }

  /// What came since the last look.
  mutating func look() -> [News] {
    directory.files.flatMap { look(at: $0) }
  }

  private mutating func look(at file: String) -> [News] {
    let page = directory.bytes(of: file, first: Int(TOPHASH_HEADER_BYTES))
    let known = seen[file, default: []]
    guard let header = try? EventHeader(bytes: page), header.conflictSlots > known.count,
      let process = try? EventFile(bytes: directory.bytes(of: file))
    else { return [] }
    let news = process.conflicts.filter { !known.contains($0.slot) }
    seen[file] = known.union(news.map(\.slot))
    return news.map { News(file: file, process: process, conflict: $0) }
  }
}
