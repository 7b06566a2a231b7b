/// A way of noticing a misuse.
package enum Method: String, CaseIterable, Codable, Hashable, Sendable {
  case plain
  case failFast = "fail-fast"
  case caught
  case caughtDebug = "caught-debug"
  case unordered
  case watch
  case explore
  case trace
  case profile
  case threadSanitizer = "thread-sanitizer"
  case inspect

  /// Over a column.
  package var title: String {
    switch self {
    case .plain: "plain run"
    case .failFast: "FailFast"
    case .caught: "caught"
    case .caughtDebug: "caught (debug)"
    case .unordered: "unordered"
    case .watch: "watch"
    case .explore: "explore"
    case .trace: "trace"
    case .profile: "profile"
    case .threadSanitizer: "TSan"
    case .inspect: "inspect"
    }
  }

  /// What is done, and what counts as noticed.
  package var words: String {
    switch self {
    case .plain: "the release build alone: it crashed or failed"
    case .failFast: "the same misuse of a FailFastDictionary: it stopped the program"
    case .caught: "the release build under 'tophash run': status 66"
    case .caughtDebug: "the debug build under 'tophash run': status 66"
    case .unordered: "the release build under 'tophash run --detect unordered --strict': status 66"
    case .watch: "the release build under 'tophash watch --confirm' of the variable: status 66"
    case .explore:
      "the debug build under 'tophash explore --schedules \(Laboratory.schedules)', each run with"
        + " another seed: status 66"
    case .trace:
      "the release build under 'tophash trace --variable' of the variable: two threads were inside"
        + " of it at one time on the timeline"
    case .profile:
      "the release build under 'tophash profile': somebody waited for others, and not only for the"
        + " main actor; that is all that a profile can show"
    case .threadSanitizer: "a release build with ThreadSanitizer: it reported a data race"
    case .inspect: "'tophash inspect' of the release build: the variable's accesses are tracked"
    }
  }

  /// Whether Tophash itself does it.
  package var isOwn: Bool { ![.plain, .threadSanitizer].contains(self) }

  /// Whether it looks at the program without running it: once is enough.
  package var isStatic: Bool { self == .inspect }

  /// Whether what it shows is only where to look: nothing of it is proof of a misuse.
  package var isHint: Bool { self == .inspect || self == .profile }

  /// The build that it looks at.
  package var build: Build {
    switch self {
    case .caughtDebug, .explore: .debug
    case .threadSanitizer: .sanitized
    default: .release
    }
  }
}

/// How the examples are built.
package enum Build: String, CaseIterable, Sendable {
  case release, debug, sanitized

  /// What `swift build` is told.
  var options: [String] {
    switch self {
    case .release: ["-c", "release"]
    case .debug: ["-c", "debug"]
    case .sanitized: ["-c", "release", "--sanitize", "thread"]
    }
  }

  /// Sanitized programs lie beside the plain ones.
  func scratch(in examples: String) -> String {
    self == .sanitized ? "\(examples)/.build/thread-sanitizer" : "\(examples)/.build"
  }

  func products(in examples: String) -> String {
    "\(scratch(in: examples))/\(self == .debug ? "debug" : "release")"
  }
}
