import Dispatch
import Gallery

/// What happened, line by line. Racy: whoever has something to say appends.
final class AuditLog: @unchecked Sendable {
  private var lines: [String] = []

  init(capacity: Int) {
    lines.reserveCapacity(capacity)
  }

  func granted(_ user: Int) {
    lines.append("granted access to user \(user)")  // race: granted
  }

  func denied(_ user: Int) {
    lines.append("denied access to user \(user)")  // race: denied
  }
}

/// Fixed: a serial queue writes the lines, one after the other.
final class QueuedAuditLog: @unchecked Sendable {
  private let queue = DispatchQueue(label: "audit log")
  private var lines: [String] = []

  func granted(_ user: Int) {
    queue.async { self.lines.append("granted access to user \(user)") }
  }

  func denied(_ user: Int) {
    queue.async { self.lines.append("denied access to user \(user)") }
  }
}

let array = Scenario("array") {
  let log = AuditLog(capacity: 1_000)
  return [
    Worker("front door") { log.granted($0) },
    Worker("back door") { log.denied($0) },
  ]
} fixed: {
  let log = QueuedAuditLog()
  return [
    Worker("front door") { log.granted($0) },
    Worker("back door") { log.denied($0) },
  ]
}
