// A shop that traces its requests and counts its sessions with the libraries that servers use. The
// same spans are regions on the timeline of `tophash trace`:
//
//     tophash trace --output shop.pftrace -- .build/debug/Shop

import InMemoryTracing
import Metrics
import MetricsTestKit
import Tophash
import TophashMetrics
import TophashTracing
import Tracing

// What a server has already: something that collects spans, and something that collects figures.
let tracer = InMemoryTracer()
let metrics = TestMetrics()
MetricsSystem.bootstrap(metrics)

InstrumentationSystem.bootstrap(TimelineTracer(forwardingTo: tracer))

let sessions = ConcurrentDictionary<Int, String>()
let shop = Shop(sessions)
await withTaskGroup { requests in
  for customer in 0..<4 { requests.addTask { await shop.serve(customer) } }
}
await shop.ship()

sessions.statistics.gauges.record("sessions")  // every ten seconds, say
sessions.statistics.gauges.trace("sessions")

// What the collectors were told.
let spans = Dictionary(grouping: tracer.finishedSpans, by: \.operationName)
for (name, spans) in spans.sorted(by: { $0.key < $1.key }) {
  let errors = spans.reduce(0) { $0 + $1.errors.count }
  let events = spans.reduce(0) { $0 + $1.events.count }
  let parents = spans.count { $0.parentSpanID != nil }
  print(
    "\(name): \(spans.count) spans, \(parents) within another, \(events) events, \(errors) errors")
}
let dimensions = [("dictionary", "sessions")]
for name in ["tophash_count", "tophash_growths"] {
  let gauge = try metrics.expectGauge(name, dimensions)
  print("\(name): \(gauge.values.map { String(Int($0)) }.joined(separator: " "))")
}
