// Only with the trait is there such a package to import.
#if Metrics

import CoreMetrics
import Tophash

extension Collection<DictionaryGauge> {
  /// Hands the figures to swift-metrics, each as a gauge `tophash_growths`, `tophash_bytes` …
  /// whose dimension `dictionary` is the name given.
  ///
  ///     sessions.statistics.gauges.record("sessions")
  ///
  /// May be called from any thread.
  ///
  /// - Parameters:
  ///   - dictionary: A name for the dictionary. Few different ones, as each is kept by the backend.
  ///   - dimensions: More that tell it from others, as pairs of a name and a value.
  ///   - factory: Where to; the one that the program has chosen, unless you say otherwise.
  /// - Complexity: O(number of figures).
  public func record(
    _ dictionary: String, dimensions: [(String, String)] = [],
    factory: any MetricsFactory = MetricsSystem.factory
  ) {
    for gauge in self {
      Gauge(
        label: "tophash_\(gauge.name)", dimensions: [("dictionary", dictionary)] + dimensions,
        factory: factory
      ).record(gauge.value)
    }
  }
}

#endif
