// Only with the trait is there such a package to import.
#if Tracing

import TophashMarks
import Tracing

/// Shows spans of swift-distributed-tracing on the timeline of `tophash trace`, as regions.
///
/// A tracer that is there already keeps its spans: this one hands on all that it gets.
///
///     InstrumentationSystem.bootstrap(TimelineTracer(forwardingTo: tracer))
///
/// Without `tophash trace` around the program it only hands on.
///
/// A region has its span's first name, and lies where the span was started, in a task or on a
/// thread. Events and errors of a span stand on the timeline as well; attributes do not, as their
/// values differ from one span to the next. The timeline has its own clock: a span that is said to
/// start or end at another time starts or ends now there.
public struct TimelineTracer<Backend: Tracer>: Tracer {
  private let backend: Backend

  /// Makes a tracer that hands on all that it gets.
  public init(forwardingTo backend: Backend) { self.backend = backend }

  public func startSpan<Instant: TracerInstant>(
    _ operationName: String, context: @autoclosure () -> ServiceContext, ofKind kind: SpanKind,
    at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
  ) -> TimelineSpan<Backend.Span> {
    let region = TophashTrace.begin(operationName)
    var context = context()
    if region.isRecorded { context[RegionKey.self] = region }
    return TimelineSpan(
      backend.startSpan(
        operationName, context: context, ofKind: kind, at: instant(), function: function,
        file: fileID, line: line),
      region)
  }

  public func activeSpan(identifiedBy context: ServiceContext) -> TimelineSpan<Backend.Span>? {
    backend.activeSpan(identifiedBy: context).map { TimelineSpan($0, context[RegionKey.self]) }
  }

  @available(*, deprecated)
  public func forceFlush() { backend.forceFlush() }

  public func extract<Carrier, Extract: Extractor>(
    _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
  ) where Extract.Carrier == Carrier {
    backend.extract(carrier, into: &context, using: extractor)
  }

  public func inject<Carrier, Inject: Injector>(
    _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
  ) where Inject.Carrier == Carrier {
    backend.inject(context, into: &carrier, using: injector)
  }
}

extension TimelineTracer where Backend == NoOpTracer {
  /// Makes a tracer for the timeline alone.
  public init() { self.init(forwardingTo: NoOpTracer()) }
}

/// The region of a span goes with its context, as whoever asks for the active span has no more.
private enum RegionKey: ServiceContextKey {
  typealias Value = TophashTrace.Region
}

#endif
