import Tophash
import TophashMarks
import Tracing

/// Serves customers. Nothing here knows where spans go.
actor Stock {
  private var bolts = 2

  struct SoldOut: Error {}

  func take() throws {
    guard bolts > 0 else { throw SoldOut() }
    bolts -= 1
  }
}

struct Shop {
  private let sessions: ConcurrentDictionary<Int, String>
  private let stock = Stock()

  init(_ sessions: ConcurrentDictionary<Int, String>) { self.sessions = sessions }

  /// A request: one span, with another inside, which fails for half of the customers.
  func serve(_ customer: Int) async {
    await withSpan("request") { span in
      span.attributes["customer"] = customer
      // A region of one's own beside spans.
      TophashTrace.region("greet") { _ = sessions.updateValue("guest", forKey: customer) }
      try? await withSpan("order") { _ in try await stock.take() }
      span.addEvent("answered")
    }
  }

  /// A span that begins in one task and ends in another.
  func ship() async {
    let span = startSpan("shipment")
    await Task.detached { span.end() }.value
  }
}
