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
    self.init(thread: Int(crossroads.thread), ownStep: Int(crossroads.own_step), others: [])
    for (index, word) in [crossroads.others.0, crossroads.others.1].enumerated() {
      var left = word
      while left != 0 {
        let thread = index * 64 + left.trailingZeroBitCount
        if thread != Int(crossroads.usual) { others.append(thread) }
        left &= left - 1
      }
    }
  }

  /// Only threads below this number are ever among the others.
  package static let threads = Int(TOPHASH_CROSSROADS_THREADS)
}
