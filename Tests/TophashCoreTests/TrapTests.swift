import CTophashCore
import Testing
import TophashTestSupport

/// Near misses, the traps that they arm, and what holding may cost.
@Suite struct TrapTests {
  /// The state of all traps, with a clock that the test turns.
  private final class Traps {
    let pointer: UnsafeMutablePointer<tophash_traps>
    var now: UInt64 = 1_000_000_000

    init(budgetPermille: UInt32 = 100) {
      pointer = .allocate(capacity: 1)
      UnsafeMutableRawPointer(pointer).initializeMemory(
        as: UInt8.self, repeating: 0, count: MemoryLayout<tophash_traps>.size)
      tophash_traps_start(pointer, now, budgetPermille)
    }

    deinit { pointer.deallocate() }

    func visit(
      _ site: UInt64, by owner: UInt64, of address: UInt64 = 0x7000_0000_0040,
      modifies: Bool = true, random: UInt64 = 0, earlier: UInt32 = 0,
      idle: Range<UInt64> = 0..<0
    ) -> tophash_advice {
      var visit = tophash_visit(
        address: address, pc: site, identity: owner, now_ns: now, random: random,
        earlier_visits: earlier, modifies: modifies, idle_from_ns: idle.lowerBound,
        idle_to_ns: idle.upperBound)
      return tophash_traps_visit(pointer, &visit)
    }

    /// Holds for as long as was advised.
    func hold(_ advice: tophash_advice, at site: UInt64, caught: Bool = false) {
      guard advice.hold_ns > 0 else { return }
      now += advice.hold_ns
      tophash_traps_released(pointer, site, advice.hold_ns, advice.hold_ns, caught)
    }
  }

  @Test func `what holds may take grows with the run`() {
    let traps = Traps(budgetPermille: 50)
    #expect(tophash_traps_allowance(traps.pointer, traps.now) == Self.grant)
    #expect(tophash_traps_allowance(traps.pointer, traps.now + 1_000_000) == Self.grant + 50_000)
  }

  private static let window = UInt64(TOPHASH_NEAR_MISS_WINDOW_NS)
  private static let grant = UInt64(TOPHASH_BUDGET_GRANT_NS)

  /// Gap between the accesses, whether each modifies, whether one owner made both.
  @Test(arguments: [
    (0, true, true, false, true), (1000, true, true, false, true),
    (1000, false, true, false, true), (1000, true, false, false, true),
    (1000, false, false, false, false), (1000, true, true, true, false),
    (TrapTests.window, true, true, false, true), (TrapTests.window + 1, true, true, false, false),
  ])
  func `a near miss is two owners, one modification, a short time`(
    _ gap: UInt64, _ first: Bool, _ second: Bool, _ isOneOwner: Bool, _ isNearMiss: Bool
  ) {
    let traps = Traps()
    #expect(traps.visit(0x1000, by: 3, modifies: first).hold_ns == 0)
    traps.now += gap
    let advice = traps.visit(0x2000, by: isOneOwner ? 3 : 5, modifies: second)
    #expect(traps.pointer.pointee.near_misses == (isNearMiss ? 1 : 0))
    #expect(traps.pointer.pointee.armed == (isNearMiss ? 2 : 0), "both sites")
    #expect((advice.hold_ns > 0) == isNearMiss)
  }

  @Test func `variables that share a place do not miss each other`() {
    let traps = Traps()
    // More variables than places: every place is taken several times.
    for index in UInt64(0)..<40_000 {
      _ = traps.visit(0x1000 + index % 7 * 16, by: index % 2 + 3, of: 0x7000_0000_0000 + index * 8)
    }
    #expect(traps.pointer.pointee.near_misses == 0)
    #expect(traps.pointer.pointee.armed == 0)
  }

  @Test(
    arguments: [
      (10, TOPHASH_HOLD_MIN_NS), (150_000, 300_000), (3_000_000, 6_000_000),
      (400_000_000, TOPHASH_HOLD_MAX_NS),
    ] as [(UInt64, UInt64)])
  func `a hold is twice the gap, within limits`(_ gap: UInt64, _ expected: UInt64) {
    let traps = Traps()
    _ = traps.visit(0x1000, by: 3)
    traps.now += gap
    #expect(traps.visit(0x2000, by: 5).hold_ns == expected)
  }

  @Test(arguments: [0, 1, 10, 100, 1000] as [UInt32])
  func `holds never take more than the grant and the share`(_ permille: UInt32) {
    let traps = Traps(budgetPermille: permille)
    let start = traps.now
    var random = SeededGenerator(seed: UInt64(permille))
    var held: UInt64 = 0
    for step in UInt64(0)..<200_000 {
      traps.now += UInt64.random(in: 0..<100_000, using: &random)
      // Many sites, so that no decay helps the budget.
      let site = 0x1000 + step % 500 * 16
      let advice = traps.visit(
        site, by: step % 3 + 3, of: 0x7000_0000_0000 + step % 5 * 8, random: random.next())
      let before = traps.now
      traps.hold(advice, at: site)
      held += traps.now - before
      let allowed = Self.grant + (before - start) / 1000 * UInt64(permille)
      #expect(held <= allowed)
      #expect(traps.pointer.pointee.held_ns == held)
    }
    if permille == 0 {
      #expect(held == 0)
    } else {
      // It is used, too: the limit, and not the lack of chances, is what was tested.
      let allowed = Self.grant + (traps.now - start) / 1000 * UInt64(permille)
      #expect(held > allowed / 2)
    }
  }

  @Test func `a hold that ends early gives back, one that ends late is charged`() {
    let traps = Traps()
    _ = traps.visit(0x1000, by: 3)
    let advised = traps.visit(0x2000, by: 5).hold_ns
    #expect(traps.pointer.pointee.held_ns == advised)
    tophash_traps_released(traps.pointer, 0x2000, advised, advised / 4, true)
    #expect(traps.pointer.pointee.held_ns == advised / 4)
    let second = traps.visit(0x2000, by: 3).hold_ns
    tophash_traps_released(traps.pointer, 0x2000, second, second * 3, false)
    #expect(traps.pointer.pointee.held_ns == advised / 4 + second * 3)
  }

  /// How many of `visits` visits of one armed site are held; `caught` of them catch.
  private func holds(visits: Int, caught: Int = 0, seed: UInt64) -> [Bool] {
    let traps = Traps(budgetPermille: 1_000_000)  // no lack of budget
    var random = SeededGenerator(seed: seed)
    var left = caught
    return (0..<visits).map { step in
      traps.now += 1_000_000
      let advice = traps.visit(0x1000, by: step % 2 == 0 ? 3 : 5, random: random.next() >> 1)
      traps.hold(advice, at: 0x1000, caught: left > 0)
      if advice.hold_ns > 0 { left -= 1 }
      return advice.hold_ns > 0
    }
  }

  @Test func `a site is held ever more rarely`() {
    let first = Int(TOPHASH_TRAP_HOLDS)
    var late = 0
    for seed in UInt64(0)..<20 {
      let held = holds(visits: 20_000, seed: seed)
      #expect(!held[0], "no near miss yet")
      #expect(held[1...first].allSatisfy { $0 })
      late += held[10_000...].count { $0 }
    }
    // HOLDS / k summed over k from 10,000 to 20,000 is HOLDS · ln 2 = 14 of them, 20 times.
    #expect((200..<360).contains(late))
  }

  @Test func `a site that caught something is of little further use`() {
    let without = holds(visits: 2_000, seed: 1).count { $0 }
    let with = holds(visits: 2_000, caught: 1, seed: 1).count { $0 }
    #expect(with < without / 3 && with > 2)
  }

  @Test func `one site's decay is not another's`() {
    let traps = Traps(budgetPermille: 1_000_000)
    for step in UInt64(0)..<10_000 {
      traps.now += 1_000
      traps.hold(traps.visit(0x1000, by: step % 2 + 3, random: .max >> 1), at: 0x1000)
    }
    _ = traps.visit(0x2000, by: 3, of: 0x7000_0000_0800)
    #expect(traps.visit(0x3000, by: 5, of: 0x7000_0000_0800, random: .max >> 1).hold_ns > 0)
  }

  @Test func `a hot site is looked at rarely, a new one always`() {
    let traps = Traps()
    #expect(traps.visit(0x1000, by: 3, earlier: 0).next_visit == 1)
    let always = UInt32(TOPHASH_VISIT_ALWAYS)
    #expect(traps.visit(0x1000, by: 3, earlier: always - 1).next_visit == 1)
    let stride = UInt32(TOPHASH_VISIT_STRIDE)
    #expect(traps.visit(0x1000, by: 3, earlier: always).next_visit == stride)
    #expect(
      traps.visit(0x2000, by: 5, earlier: always).next_visit == UInt32(TOPHASH_VISIT_STRIDE_ARMED))
    let none = Traps(budgetPermille: 0)
    #expect(none.visit(0x1000, by: 3).next_visit == .max)
  }

  @Test func `more sites than room arm what fits`() {
    let traps = Traps(budgetPermille: 1_000_000)
    for site in UInt64(1)...5_000 {
      _ = traps.visit(site * 16, by: site % 2 + 3)
    }
    let armed = traps.pointer.pointee.armed
    #expect(armed > 512 && armed <= 1 << TOPHASH_TRAP_BITS)
  }

  // MARK: - Who waits

  private static let variable: UInt64 = 0x7000_0000_0040

  /// A hold of 1 ms at 0x1000 by owner 3, which catches nothing and ends now.
  private func holdInVain(_ traps: Traps, of address: UInt64 = variable, modifies: Bool = true) {
    tophash_traps_suspect(traps.pointer, 0x1000)
    var hold = tophash_hold(
      address: address, pc: 0x1000, identity: 3, start_ns: traps.now,
      end_ns: traps.now + 1_000_000, modifies: modifies ? 1 : 0)
    traps.now += 1_000_000
    tophash_traps_held_in_vain(traps.pointer, &hold)
  }

  /// From when the other thread was idle, in microseconds after the hold began; when it became
  /// active again and when it came, in microseconds after the hold's end.
  @Test(
    arguments: [
      (-900, 10, 20, true), (400, 10, 20, true), (600, 10, 20, false), (-900, -10, 20, false),
      (-900, 400, 450, true), (-900, 10, 600, false),
    ] as [(Int64, Int64, Int64, Bool)])
  func `who did nothing during a hold and comes at once has waited`(
    idle: Int64, active: Int64, comes: Int64, hasWaited: Bool
  ) {
    let traps = Traps()
    let start = traps.now
    holdInVain(traps)
    let end = traps.now
    traps.now = end + UInt64(comes) * 1000
    let range = UInt64(Int64(start) + idle * 1000)..<UInt64(Int64(end) + active * 1000)
    let advice = traps.visit(0x2000, by: 5, idle: range)
    #expect(advice.delayed_by == (hasWaited ? 0x1000 : 0))
    // One of several that waited tells.
    #expect(traps.visit(0x2000, by: 7, idle: range).delayed_by == 0)
  }

  @Test func `only a conflicting side of the same variable can have waited`() {
    let traps = Traps()
    let idle = traps.now - 1000..<traps.now + 1_000_001
    holdInVain(traps)
    traps.now += 10
    #expect(traps.visit(0x2000, by: 3, idle: idle).delayed_by == 0, "its own next access")
    #expect(traps.visit(0x2000, by: 5).delayed_by == 0, "nothing is known of it")
    #expect(traps.visit(0x2000, by: 5, of: 0x7000_0000_0048, idle: idle).delayed_by == 0)
    #expect(traps.visit(0x2000, by: 5, modifies: false, idle: idle).delayed_by == 0x1000)
    let other = Traps()
    holdInVain(other, modifies: false)
    other.now += 10
    #expect(other.visit(0x2000, by: 5, modifies: false, idle: idle).delayed_by == 0, "two reads")
  }

  @Test func `who waits for two holds of one owner waits for both`() {
    let traps = Traps()
    let start = traps.now
    holdInVain(traps)
    traps.now += 50_000
    holdInVain(traps, of: Self.variable + 8)
    traps.now += 10
    let advice = traps.visit(0x2000, by: 5, idle: start..<traps.now)
    #expect(advice.delayed_by == 0x1000, "it comes late after the first, and at once after both")
  }

  @Test func `what is suspected is held`() {
    let traps = Traps()
    #expect(traps.visit(0x1000, by: 3).hold_ns == 0)
    tophash_traps_suspect(traps.pointer, 0x1000)
    #expect(traps.visit(0x1000, by: 3).hold_ns == UInt64(TOPHASH_SUSPECT_HOLD_NS))
    let idle = Traps(budgetPermille: 0)
    tophash_traps_suspect(idle.pointer, 0x1000)
    #expect(idle.pointer.pointee.armed == 0)
  }
}
