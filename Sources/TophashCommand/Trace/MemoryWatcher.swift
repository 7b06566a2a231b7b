import Glibc
import TophashTrace

/// Notes how much memory the processes of a session have, whenever somebody looks at them.
final class MemoryWatcher {
  /// By process.
  private(set) var counts: [Int32: [Timeline.Count]] = [:]

  private static let pageSize = Double(sysconf(Int32(_SC_PAGESIZE)))

  func look(_ directory: SessionDirectory) {
    for file in directory.files {
      guard let pid = file.split(separator: ".").first.flatMap({ Int32($0) }),
        let pages = Self.residentPages(of: pid)
      else { continue }
      counts[pid, default: []].append(
        Timeline.Count(
          name: "resident memory in bytes", time: MeasuredRun.monotonicTime,
          value: Double(pages) * Self.pageSize))
    }
  }

  /// The second number of `/proc/PID/statm`.
  private static func residentPages(of pid: Int32) -> Int? {
    guard let bytes = SmallFile.bytes(at: "/proc/\(pid)/statm", limit: 256) else { return nil }
    let numbers = String(decoding: bytes, as: UTF8.self).split(separator: " ")
    return numbers.count > 1 ? Int(numbers[1]) : nil
  }
}
