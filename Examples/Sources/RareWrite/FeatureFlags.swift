import Gallery
import Synchronization

/// Features and whether they are on. Racy: asked all the time, changed a few times a day.
final class FeatureFlags: @unchecked Sendable {
  private var flags = ["dark mode": true, "new checkout": false]

  func set(_ feature: String, to isOn: Bool) {
    flags[feature] = isOn  // race: set
  }

  func isOn(_ feature: String) -> Bool {
    flags[feature] ?? false  // race: ask
  }
}

/// Fixed: readers take the current table, which never changes, and the writer replaces it.
final class GuardedFeatureFlags: Sendable {
  private let flags = Mutex(["dark mode": true, "new checkout": false])

  func set(_ feature: String, to isOn: Bool) {
    flags.withLock { $0[feature] = isOn }
  }

  func isOn(_ feature: String) -> Bool {
    let current = flags.withLock { $0 }
    return current[feature] ?? false
  }
}

let featureFlags = Scenario("feature-flags") {
  let flags = FeatureFlags()
  return [
    Worker("control panel", pause: .milliseconds(80), rounds: 8) {
      flags.set("new checkout", to: $0.isMultiple(of: 2))
    }
  ]
    + (1...2).map { page in
      Worker("page \(page)", pause: .milliseconds(1), rounds: 500) { _ in
        precondition(flags.isOn("dark mode"))
      }
    }
} fixed: {
  let flags = GuardedFeatureFlags()
  return [
    Worker("control panel", pause: .milliseconds(80), rounds: 8) {
      flags.set("new checkout", to: $0.isMultiple(of: 2))
    }
  ]
    + (1...2).map { page in
      Worker("page \(page)", pause: .milliseconds(1), rounds: 500) { _ in
        precondition(flags.isOn("dark mode"))
      }
    }
}
