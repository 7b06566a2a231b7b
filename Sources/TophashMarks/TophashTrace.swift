#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Names for what a program does, on the timeline of `tophash trace`.
///
/// Without `tophash` around the program each call is a branch, and nothing else. Names are kept up
/// to 51 bytes, and up to some hundred different ones: name what is done, not what it is done to.
///
/// All functions may be called from any thread and any task.
public enum TophashTrace {
  /// Does `body`, and shows how long it took.
  ///
  /// - Returns: what `body` returns.
  /// - Throws: what `body` throws; the region has ended then.
  public static func region<Result>(_ name: String, _ body: () throws -> Result) rethrows -> Result
  {
    guard let probe else { return try body() }
    mark(name, probe.begin)
    defer { mark(name, probe.end) }
    return try body()
  }

  /// Does `body`, which may suspend and go on elsewhere: the region lies on the task's own track.
  public static func region<Result>(
    _ name: String, isolation: isolated (any Actor)? = #isolation,
    _ body: () async throws -> Result
  ) async rethrows -> Result {
    guard let probe else { return try await body() }
    mark(name, probe.begin)
    defer { mark(name, probe.end) }
    return try await body()
  }

  /// Shows that something happened, now.
  public static func log(_ text: String) {
    guard let probe else { return }
    mark(text, probe.log)
  }

  /// Shows a figure over time: how long a queue is, how many entries a cache has.
  ///
  /// Figures of one name are one line of the timeline, whoever tells them.
  public static func count(_ name: String, _ value: Double) {
    guard let probe else { return }
    var name = name
    name.withUTF8 { bytes in
      if let start = bytes.baseAddress { probe.count(start, bytes.count, value) }
    }
  }

  private typealias Mark = @convention(c) (UnsafePointer<UInt8>, Int) -> Void

  private struct Probe: Sendable {
    var begin: Mark
    var end: Mark
    var log: Mark
    var count: Count
  }

  private typealias Count = @convention(c) (UnsafePointer<UInt8>, Int, Double) -> Void

  /// The functions of the probe, when it is in this process.
  private static let probe: Probe? = {
    func function<Function>(_ name: String, _ type: Function.Type) -> Function? {
      // A null handle stands for all that is loaded.
      dlsym(nil, name).map { unsafeBitCast($0, to: type) }
    }
    guard let begin = function("tophash_mark_begin", Mark.self),
      let end = function("tophash_mark_end", Mark.self),
      let log = function("tophash_mark_log", Mark.self),
      let count = function("tophash_mark_count", Count.self)
    else { return nil }
    return Probe(begin: begin, end: end, log: log, count: count)
  }()

  private static func mark(_ name: String, _ mark: Mark) {
    var name = name
    name.withUTF8 { bytes in
      // An empty string has no bytes to point at.
      if let start = bytes.baseAddress { mark(start, bytes.count) }
    }
  }
}
