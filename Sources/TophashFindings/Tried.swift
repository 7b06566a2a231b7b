/// What was done to make the two sides of a candidate meet, and what came of it.
package struct Tried: Hashable, Sendable {
  /// Accesses that were held open at the two sites.
  package var holds: UInt64
  package var heldNanoseconds: UInt64
  /// Holds in which somebody came.
  package var caught: UInt64
  /// Holds after which another side came at once, having done nothing meanwhile.
  package var delays: UInt64

  package init(
    holds: UInt64 = 0, heldNanoseconds: UInt64 = 0, caught: UInt64 = 0, delays: UInt64 = 0
  ) {
    self.holds = holds
    self.heldNanoseconds = heldNanoseconds
    self.caught = caught
    self.delays = delays
  }

  /// What the traps at some sites did.
  init(_ visits: [SiteVisit]) {
    self.init()
    for visit in visits {
      holds &+= UInt64(visit.holds)
      heldNanoseconds &+= visit.heldNanoseconds
      caught &+= UInt64(visit.caught)
      delays &+= UInt64(visit.delays)
    }
  }

  /// Whether the sides wait for each other, though nothing was seen that makes them.
  ///
  /// The probe counts whoever comes within half the time of a hold after it. Who does not wait,
  /// comes within the hold twice as often: to miss it three times in a row and never meet it has a
  /// chance of 1 in 27. (That a delay tells of order is TSVD's idea: Li et al., "Efficient
  /// Scalable Thread-Safety-Violation Detection", SOSP 2019.)
  package var showsOrder: Bool { caught == 0 && delays >= 3 }

  static func + (left: Self, right: Self) -> Self {
    Self(
      holds: left.holds &+ right.holds,
      heldNanoseconds: left.heldNanoseconds &+ right.heldNanoseconds,
      caught: left.caught &+ right.caught, delays: left.delays &+ right.delays)
  }
}
