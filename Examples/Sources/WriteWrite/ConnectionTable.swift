import Foundation
import Gallery

/// Open connections by file descriptor. Racy: connections are closed while others are accepted.
final class ConnectionTable: @unchecked Sendable {
  private var peers: [Int32: String] = [:]

  init(open: Range<Int32>) {
    peers.reserveCapacity(1_000)
    for descriptor in open { peers[descriptor] = "10.0.0.\(descriptor)" }
  }

  func accept(_ descriptor: Int32, from peer: String) {
    peers.updateValue(peer, forKey: descriptor)  // race: accept
  }

  func close(_ descriptor: Int32) {
    peers.removeValue(forKey: descriptor)  // race: close
  }
}

/// Fixed: one lock around each change.
final class GuardedConnectionTable: @unchecked Sendable {
  private let lock = NSLock()
  private var peers: [Int32: String] = [:]

  init(open: Range<Int32>) {
    for descriptor in open { peers[descriptor] = "10.0.0.\(descriptor)" }
  }

  func accept(_ descriptor: Int32, from peer: String) {
    lock.withLock { _ = peers.updateValue(peer, forKey: descriptor) }
  }

  func close(_ descriptor: Int32) {
    lock.withLock { _ = peers.removeValue(forKey: descriptor) }
  }
}

let remove = Scenario("remove") {
  let table = ConnectionTable(open: 0..<60)
  return [
    Worker("acceptor") { table.accept(Int32($0) + 100, from: "10.1.0.1") },
    Worker("reaper") { table.close(Int32($0)) },
  ]
} fixed: {
  let table = GuardedConnectionTable(open: 0..<60)
  return [
    Worker("acceptor") { table.accept(Int32($0) + 100, from: "10.1.0.1") },
    Worker("reaper") { table.close(Int32($0)) },
  ]
}
