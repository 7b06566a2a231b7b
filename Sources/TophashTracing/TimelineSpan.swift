#if Tracing

import TophashMarks
import Tracing

/// A span of another tracer, and the region that stands for it on the timeline.
public struct TimelineSpan<Base: Span>: Span {
  private let base: Base
  private let region: TophashTrace.Region?

  init(_ base: Base, _ region: TophashTrace.Region?) {
    self.base = base
    self.region = region
  }

  public func addEvent(_ event: SpanEvent) {
    TophashTrace.log(event.name)
    base.addEvent(event)
  }

  public func recordError<Instant: TracerInstant>(
    _ error: any Error, attributes: SpanAttributes, at instant: @autoclosure () -> Instant
  ) {
    TophashTrace.log("error: \(type(of: error))")
    base.recordError(error, attributes: attributes, at: instant())
  }

  public func end<Instant: TracerInstant>(at instant: @autoclosure () -> Instant) {
    region?.end()
    base.end(at: instant())
  }

  // MARK: What the timeline does not show

  public var context: ServiceContext { base.context }

  public var operationName: String {
    get { base.operationName }
    nonmutating set { base.operationName = newValue }
  }

  public var attributes: SpanAttributes {
    get { base.attributes }
    nonmutating set { base.attributes = newValue }
  }

  /// Whether attributes go anywhere: not to the timeline.
  public var isRecording: Bool { base.isRecording }

  public func setStatus(_ status: SpanStatus) { base.setStatus(status) }

  public func addLink(_ link: SpanLink) { base.addLink(link) }
}

#endif
