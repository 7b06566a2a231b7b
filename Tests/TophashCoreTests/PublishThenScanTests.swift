import CTophashCore
import Glibc
import Synchronization
import Testing

/// Of two accesses that are open at one moment at least one finds the other, whichever way their
/// steps interleave.
@Suite struct PublishThenScanTests {
  /// Lets two threads go on at one moment, again and again.
  private final class Meeting: Sendable {
    private let arrivals = Atomic(0)

    /// Waits until both have come for the `round`-th time.
    ///
    /// Acquire and release: what each did before is visible to the other after.
    func meet(_ round: Int) {
      arrivals.add(1, ordering: .acquiringAndReleasing)
      var turns = 0
      while arrivals.load(ordering: .acquiring) < 2 * round {
        turns += 1
        if turns % 4096 == 0 { sched_yield() }
      }
    }
  }

  /// One of the two threads.
  ///
  /// Sendable: `found` is its thread's until that has ended.
  private final class Side: @unchecked Sendable {
    let access: Access
    var found: [Bool] = []

    init(_ access: Access) { self.access = access }

    /// Notes for each round whether it found the other.
    func run(in table: Table, rounds: Int, _ began: Meeting, _ ended: Meeting) {
      let bucket = table.bucket(access.address)
      for round in 1...rounds {
        began.meet(round)
        let slot = table.publish(access)
        var from: Int32 = 0
        let other =
          table.isAlone(access, slot)
          ? TOPHASH_NO_SLOT
          : tophash_overlap_scan(bucket, access.key, slot ?? TOPHASH_NO_SLOT, &from)
        found.append(other != TOPHASH_NO_SLOT)
        // Both are open here: they did overlap.
        ended.meet(round)
        _ = table.withdraw(access)
      }
    }
  }

  @Test(arguments: [(true, true), (true, false), (false, false)], [0, 2])
  func `every overlap is found by one side or both`(
    _ modifies: (Bool, Bool), _ strangerCount: Int
  ) {
    let table = Table()
    let addresses = table.neighbours(3)
    let rounds = 100_000
    // With strangers in the bucket the two meet in its last slots, not in its first.
    let strangers = addresses.dropFirst().prefix(strangerCount).map {
      Access(address: $0, modifies: true, buffer: $0, owner: 9)
    }
    for stranger in strangers { #expect(table.publish(stranger) != nil) }
    let (began, ended) = (Meeting(), Meeting())
    let one = Side(
      Access(address: addresses[0], modifies: modifies.0, buffer: 0x1000, owner: 3))
    let two = Side(
      Access(address: addresses[0], modifies: modifies.1, buffer: 0x2000, owner: 5))
    onThreads(
      { one.run(in: table, rounds: rounds, began, ended) },
      { two.run(in: table, rounds: rounds, began, ended) })
    let missed = zip(one.found, two.found).count { !$0 && !$1 }
    #expect(missed == (modifies.0 || modifies.1 ? 0 : rounds))
    for stranger in strangers { #expect(table.withdraw(stranger) == 0) }
    #expect(table.isEmpty)
  }
}
