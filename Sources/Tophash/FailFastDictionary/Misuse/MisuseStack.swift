#if canImport(Runtime)
// A stack that was not captured can only be put together by what is internal there.
@_spi(Internal) internal import Runtime
#endif

/// A stack. Taking it is quick; names are looked up on demand.
struct MisuseStack: Sendable {
  /// Whether only its innermost frames are known.
  let isPartial: Bool

  #if canImport(Runtime)
  private let backtrace: (any Sendable)?

  /// The calling thread's stack.
  init() {
    isPartial = false
    if #available(macOS 26, *) {
      backtrace = try? Backtrace.capture(limit: 48)
    } else {
      backtrace = nil
    }
  }

  /// What a change leaves behind: where it was begun, and where that returns to.
  init?(site: UInt, caller: UInt) {
    guard site != 0, #available(macOS 26, *) else { return nil }
    isPartial = true
    let frames: [RichFrame<UInt>] = [.programCounter(site), .returnAddress(caller)]
    backtrace = Backtrace(
      architecture: Self.architecture, frames: frames, images: nil)
  }

  #if arch(x86_64)
  private static let architecture = "x86_64"
  #else
  private static let architecture = "arm64"
  #endif

  /// A line per frame, without those of the dictionary itself.
  var frames: [String] {
    guard #available(macOS 26, *), let backtrace = backtrace as? Backtrace,
      let symbolicated = backtrace.symbolicated(options: .default)
    else { return [] }
    let lines = symbolicated.frames.map { frame in
      guard let symbol = frame.symbol else { return "\(frame.captured)" }
      guard let location = symbol.sourceLocation else { return "\(symbol.name)" }
      return "\(symbol.name)  \(location.path):\(location.line):\(location.column)"
    }
    let own = lines.prefix { line in Self.ownNames.contains { line.contains($0) } }
    return Array(own.count < lines.count ? lines.dropFirst(own.count) : lines[...])
  }

  private static let ownNames = ["MisuseStack", "MisuseDesk", "FailFastDictionary."]
  #else
  init() { isPartial = false }
  init?(site: UInt, caller: UInt) { nil }
  var frames: [String] { [] }
  #endif
}
