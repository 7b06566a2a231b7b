import Gallery
import Synchronization

/// Counters by name. Racy: each task has a key of its own, but the dictionary is one.
final class MetricsRegistry: @unchecked Sendable {
  private var counters = ["requests": 0, "bytes": 0]

  func countRequest() {
    counters["requests", default: 0] += 1  // race: count a request
  }

  func countBytes(_ count: Int) {
    counters["bytes", default: 0] += count  // race: count bytes
  }
}

/// Fixed: keys that are known beforehand need no dictionary.
final class AtomicMetrics: Sendable {
  private let requests = Atomic(0)
  private let bytes = Atomic(0)

  func countRequest() {
    requests.wrappingAdd(1, ordering: .relaxed)
  }

  func countBytes(_ count: Int) {
    bytes.wrappingAdd(count, ordering: .relaxed)
  }
}

let twoKeys = Scenario("two-keys") {
  let metrics = MetricsRegistry()
  return [
    Worker("requests") { _ in metrics.countRequest() },
    Worker("responses") { metrics.countBytes(200 + $0) },
  ]
} fixed: {
  let metrics = AtomicMetrics()
  return [
    Worker("requests") { _ in metrics.countRequest() },
    Worker("responses") { metrics.countBytes(200 + $0) },
  ]
}
