#if canImport(Runtime)
internal import Runtime
#endif

/// The calling thread's stack. Taking it is quick; names are looked up on demand.
struct MisuseStack: Sendable {
  #if canImport(Runtime)
  private let backtrace: (any Sendable)?

  init() {
    if #available(macOS 26, *) {
      backtrace = try? Backtrace.capture(limit: 48)
    } else {
      backtrace = nil
    }
  }

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
  var frames: [String] { [] }
  #endif
}
