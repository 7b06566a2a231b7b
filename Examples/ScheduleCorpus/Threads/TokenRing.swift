import Foundation

/// Each hands on what it got from the one before, and all are taken to have had their turn in
/// order.
extension Program {
  static let tokenRing = threads("token_ring", "taken to come in the order of their start") {
    isFixed in
    let ring = Ring()
    // The last turn is that of who looks.
    let turns = (0...3).map { _ in DispatchSemaphore(value: 0) }
    turns[0].signal()
    onThreads(
      (0..<3).map { place in
        {
          if isFixed { turns[place].wait() }
          ring.handOn(to: place)
          if isFixed { turns[place + 1].signal() }
        }
      } + [
        {
          if isFixed { turns[3].wait() }
          check(ring.isEven, "the token was not handed around")
        }
      ])
  }
}

private final class Ring: @unchecked Sendable {
  private let lock = NSLock()
  private var tokens = [1, 2, 1]
  private var handed = 0

  /// The first one passes on the next token, the others the one before theirs.
  func handOn(to place: Int) {
    lock.withLock {
      tokens[place] = place == 0 ? tokens[2] + 1 : tokens[place - 1]
      handed += 1
    }
  }

  /// Whether all have the same token, once all had their turn.
  var isEven: Bool { lock.withLock { handed < 3 || Set(tokens).count == 1 } }
}
