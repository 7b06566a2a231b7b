import CTophashSchedule

/// A point at which several threads could have gone on.
package struct Crossroads: Hashable, Sendable {
  package var thread: Int
  package var ownStep: Int
  /// Those who would not have gone on in the plain order.
  package var others: [Int]

  package init(thread: Int, ownStep: Int, others: [Int]) {
    self.thread = thread
    self.ownStep = ownStep
    self.others = others
  }

  package init(_ crossroads: tophash_crossroads) {
    self.init(
      thread: Int(crossroads.thread), ownStep: Int(crossroads.own_step),
      others: (0..<64).filter {
        crossroads.others >> UInt64($0) & 1 == 1 && $0 != Int(crossroads.usual)
      })
  }
}
