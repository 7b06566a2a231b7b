import Gallery
import Synchronization

/// Counters by name. Racy: each task has a key of its own, but the dictionary is one.
final class MetricsRegistry: @unchecked Sendable {
  private var counters = ["requests": 0, "errors": 0]

  func countRequest() {
    counters["requests", default: 0] += 1  // race: count a request
  }

  func countError() {
    counters["errors", default: 0] += 1  // race: count an error
  }
}

/// Fixed: keys that are known beforehand need no dictionary.
final class AtomicMetrics: Sendable {
  private let requests = Atomic(0)
  private let errors = Atomic(0)

  func countRequest() {
    requests.wrappingAdd(1, ordering: .relaxed)
  }

  func countError() {
    errors.wrappingAdd(1, ordering: .relaxed)
  }
}

let twoKeys = Scenario("two-keys") {
  let metrics = MetricsRegistry()
  return [
    Worker("requests") { _ in metrics.countRequest() },
    Worker("errors") { _ in metrics.countError() },
  ]
} fixed: {
  let metrics = AtomicMetrics()
  return [
    Worker("requests") { _ in metrics.countRequest() },
    Worker("errors") { _ in metrics.countError() },
  ]
}
