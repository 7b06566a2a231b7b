import Gallery
import Synchronization

/// Counts words. Racy: a local variable is local no more once two closures capture it.
func wordCounters() -> (count: @Sendable (String) -> Void, forget: @Sendable (String) -> Void) {
  nonisolated(unsafe) var counts = ["map": 0, "race": 0]
  return (
    count: { word in
      counts[word, default: 0] += 1  // race: count
    },
    forget: { word in
      counts[word] = 0  // race: forget
    }
  )
}

/// Fixed: what the closures share is a mutex.
func guardedWordCounters() -> (
  count: @Sendable (String) -> Void, forget: @Sendable (String) -> Void
) {
  let counts = SharedCounts()
  return (
    count: { word in counts.table.withLock { $0[word, default: 0] += 1 } },
    forget: { word in counts.table.withLock { $0[word] = 0 } }
  )
}

private final class SharedCounts: Sendable {
  let table = Mutex(["map": 0, "race": 0])
}

let closureCapture = Scenario("closure-capture") {
  let (count, forget) = wordCounters()
  return [
    Worker("counter") { _ in count("map") },
    Worker("janitor") { _ in forget("race") },
  ]
} fixed: {
  let (count, forget) = guardedWordCounters()
  return [
    Worker("counter") { _ in count("map") },
    Worker("janitor") { _ in forget("race") },
  ]
}
