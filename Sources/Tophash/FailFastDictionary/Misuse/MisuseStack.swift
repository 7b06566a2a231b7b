import CTophashThread

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
    var callers = [UInt](repeating: 0, count: 48)
    callers.removeLast(callers.count - Int(tophash_thread_callers(&callers, UInt32(callers.count))))
    backtrace = Self.backtrace(callers.map { .returnAddress($0) })
  }

  /// What a change leaves behind: where it was begun, and where that returns to.
  init?(site: UInt, caller: UInt) {
    guard site != 0 else { return nil }
    isPartial = true
    backtrace = Self.backtrace([.programCounter(site), .returnAddress(caller)])
  }

  private static func backtrace(_ frames: [Place]) -> (any Sendable)? {
    guard #available(macOS 26, *) else { return nil }
    return Backtrace(
      architecture: architecture,
      frames: frames.map { place -> RichFrame<UInt> in
        switch place {
        case .programCounter(let address): .programCounter(address)
        case .returnAddress(let address): .returnAddress(address)
        }
      }, images: nil)
  }

  private enum Place {
    case programCounter(UInt)
    case returnAddress(UInt)
  }

  #if arch(x86_64)
  private static let architecture = "x86_64"
  #else
  private static let architecture = "arm64"
  #endif

  /// How many frames are known.
  var frameCount: Int {
    guard #available(macOS 26, *), let backtrace = backtrace as? Backtrace else { return 0 }
    return backtrace.frames.reduce(0) { count, _ in count + 1 }
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
  init() { isPartial = false }
  var frameCount: Int { 0 }
  init?(site: UInt, caller: UInt) { nil }
  var frames: [String] { [] }
  #endif
}
