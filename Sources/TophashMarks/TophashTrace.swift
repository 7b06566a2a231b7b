#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
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

  /// Begins a region that ends elsewhere: in a callback, on another thread, in another task.
  ///
  /// For what begins and ends in one function, `region` is the better choice: it cannot be left
  /// open. One that is never ended is drawn to the end of the process.
  public static func begin(_ name: String) -> Region {
    guard let probe else { return Region(number: 0) }
    var number: UInt64 = 0
    bytes(of: name) { number = probe.open($0, $1) }
    return Region(number: number)
  }

  /// A region that was begun, and that whoever has it may end.
  public struct Region: Sendable {
    fileprivate var number: UInt64

    /// Whether it is on a timeline: not without `tophash trace` around the program.
    public var isRecorded: Bool { number != 0 }

    /// Ends it, now. Once ended, it stays so.
    public func end() {
      guard isRecorded else { return }
      probe?.close(number)
    }
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
    bytes(of: name) { probe.count($0, $1, value) }
  }
}

extension TophashTrace {
  private typealias Text = UnsafePointer<UInt8>
  private typealias Mark = @convention(c) (Text, Int) -> Void
  private typealias Open = @convention(c) (Text, Int) -> UInt64
  private typealias Close = @convention(c) (UInt64) -> Void
  private typealias Count = @convention(c) (Text, Int, Double) -> Void

  private struct Probe: Sendable {
    var begin: Mark
    var end: Mark
    var open: Open
    var close: Close
    var log: Mark
    var count: Count
  }

  /// The functions of the probe, when it is in this process.
  private static let probe: Probe? = {
    func function<Function>(_ name: String, _ type: Function.Type) -> Function? {
      #if os(Linux)
      // A null handle stands for all that is loaded.
      dlsym(nil, name).map { unsafeBitCast($0, to: type) }
      #else
      // The probe is for Linux alone.
      nil
      #endif
    }
    guard let begin = function("tophash_mark_begin", Mark.self),
      let end = function("tophash_mark_end", Mark.self),
      let open = function("tophash_mark_open", Open.self),
      let close = function("tophash_mark_close", Close.self),
      let log = function("tophash_mark_log", Mark.self),
      let count = function("tophash_mark_count", Count.self)
    else { return nil }
    return Probe(begin: begin, end: end, open: open, close: close, log: log, count: count)
  }()

  private static func mark(_ name: String, _ mark: Mark) {
    bytes(of: name) { mark($0, $1) }
  }

  private static func bytes(of name: String, _ body: (Text, Int) -> Void) {
    var name = name
    name.withUTF8 { bytes in
      // An empty string has no bytes to point at.
      if let start = bytes.baseAddress { body(start, bytes.count) }
    }
  }
}
