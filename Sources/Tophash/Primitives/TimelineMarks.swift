/// What the dictionaries show on the timeline of `tophash trace`: steps that take time, and figures.
///
/// The probe's functions are looked up by name once: without `tophash` around the program they are
/// not there, and a call is a branch. The library `TophashMarks` does the same for programs.
@usableFromInline
internal enum TimelineMarks {
  private typealias Log = @convention(c) (UnsafePointer<UInt8>, Int) -> Void
  private typealias Count = @convention(c) (UnsafePointer<UInt8>, Int, Double) -> Void

  private static let log = ProbeFunction.named("tophash_mark_log", as: Log.self)
  private static let count = ProbeFunction.named("tophash_mark_count", as: Count.self)

  /// A step, now.
  ///
  /// - Parameter text: asked for only while a timeline is recorded.
  @usableFromInline @inline(never)
  internal static func step(_ text: @autoclosure () -> String) {
    guard let log else { return }
    var text = text()
    text.withUTF8 { bytes in
      if let start = bytes.baseAddress { log(start, bytes.count) }
    }
  }

  /// What a figure is now.
  internal static func figure(_ name: String, _ value: Double) {
    guard let count else { return }
    var name = name
    name.withUTF8 { bytes in
      if let start = bytes.baseAddress { count(start, bytes.count, value) }
    }
  }
}
