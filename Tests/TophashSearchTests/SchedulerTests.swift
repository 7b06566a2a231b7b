import CTophashSchedule
import Glibc
import Testing

/// The policies, asked with made-up threads.
@Suite struct SchedulerTests {
  @Test func `the plain order goes on with the same thread, and then with the next`() {
    let decisions = Decisions(TOPHASH_POLICY_DEFAULT)
    #expect(decisions.choose(0, among: [0, 1, 2]) == 0)
    #expect(decisions.choose(0, among: [1, 2]) == 1)
    #expect(decisions.choose(1, among: [0, 2]) == 2)
    #expect(decisions.choose(2, among: [0, 1]) == 0)
    #expect(decisions.account.choice_count == 0)
  }

  @Test func `a thread that yields lets the next one go`() {
    let decisions = Decisions(TOPHASH_POLICY_DEFAULT)
    #expect(decisions.choose(0, among: [0, 1], doing: TOPHASH_POINT_YIELD) == 1)
  }

  @Test func `a thread that looks again and again is stopped at last`() {
    let decisions = Decisions(TOPHASH_POLICY_DEFAULT)
    let first = (1...5000).first { _ in decisions.choose(0, among: [0, 1]) == 1 }
    #expect(first == 2001)
  }

  static let drawing = [
    TOPHASH_POLICY_RANDOM, TOPHASH_POLICY_POS, TOPHASH_POLICY_POS_LATE, TOPHASH_POLICY_PCT,
    TOPHASH_POLICY_STICKY, TOPHASH_POLICY_ALIKE, TOPHASH_POLICY_HOLD,
  ]

  @Test(arguments: drawing)
  func `a seed decides, and its record alone makes the same choices`(_ policy: tophash_policy) {
    for seed in UInt64(1)...20 {
      let search = Decisions(policy, seed: seed)
      let made = search.play()
      #expect(Decisions(policy, seed: seed).play() == made)
      let replay = Decisions(TOPHASH_POLICY_DEFAULT, following: search.choices)
      #expect(replay.play() == made)
      #expect(replay.account.drift == 0)
      #expect(replay.account.hash == search.account.hash)
    }
  }

  // Where every step takes a lock, `hold` has hardly a choice.
  @Test(arguments: drawing.filter { $0 != TOPHASH_POLICY_HOLD })
  func `seeds differ`(_ policy: tophash_policy) {
    let hashes = Set(
      (UInt64(1)...50).map { seed in
        let search = Decisions(policy, seed: seed)
        _ = search.play()
        return search.account.hash
      })
    #expect(hashes.count > 10)
  }

  @Test(arguments: [TOPHASH_POLICY_POS_LATE, TOPHASH_POLICY_HOLD])
  func `late threads wait until those before them cannot go on`(_ policy: tophash_policy) {
    for seed in UInt64(1)...50 {
      let decisions = Decisions(policy, seed: seed)
      #expect(decisions.choose(0, among: [0, 1, 2]) == 0)
      #expect([1, 2].contains(decisions.choose(0, among: [1, 2])))
    }
  }

  @Test func `one thread among seven that are alike has half of the first turns`() {
    let first = (UInt64(1)...400).map { seed in
      let decisions = Decisions(TOPHASH_POLICY_ALIKE, seed: seed)
      return decisions.choose(0, among: Array(1...7), at: { $0 == 7 ? 2 : 1 })
    }
    let odd = first.count { $0 == 7 }
    #expect((150...250).contains(odd))
    #expect(Set(first) == Set(1...7))
  }

  @Test func `whoever has taken a lock goes behind the others`() {
    for seed in UInt64(1)...20 {
      let decisions = Decisions(TOPHASH_POLICY_HOLD, seed: seed)
      let first = (0..<3).map { _ in decisions.choose(0, among: [1, 2, 3], at: { _ in 0 }) }
      // Each of them takes its first lock before one takes its second.
      #expect(Set(first) == [1, 2, 3])
    }
  }

  @Test func `who sleeps never goes on in the plain order`() {
    let decisions = Decisions(TOPHASH_POLICY_DEFAULT)
    #expect(decisions.choose(0, among: [0, 1, 2], asleep: 0) == 1)
    #expect(decisions.choose(1, among: [1, 2], asleep: 2) == 1)
    #expect(decisions.choose(1, among: [0, 2], asleep: 2) == 0)
    #expect(decisions.account.choice_count == 0)
  }

  @Test(arguments: drawing)
  func `who sleeps is woken by some seeds, not by all, and a record does the same`(
    _ policy: tophash_policy
  ) {
    var woken = 0
    for seed in UInt64(1)...100 {
      let search = Decisions(policy, seed: seed)
      // All have begun.
      _ = search.choose(0, among: [1, 2])
      let next = search.choose(1, among: [1, 2], asleep: 2)
      woken += next == 2 ? 1 : 0
      let replay = Decisions(TOPHASH_POLICY_DEFAULT, following: search.choices)
      _ = replay.choose(0, among: [1, 2])
      #expect(replay.choose(1, among: [1, 2], asleep: 2) == next)
    }
    #expect((1..<100).contains(woken))
  }

  @Test(arguments: [TOPHASH_POLICY_POS_LATE, TOPHASH_POLICY_HOLD])
  func `new threads need not wait for one that sleeps`(_ policy: tophash_policy) {
    let first = (UInt64(1)...50).map {
      Decisions(policy, seed: $0).choose(0, among: [0, 1], asleep: 0)
    }
    #expect(Set(first) == [0, 1])
  }

  @Test func `a choice that is not possible counts as drift`() {
    let impossible = tophash_choice(thread: 0, step: 1, next: 7)
    let decisions = Decisions(TOPHASH_POLICY_DEFAULT, following: [impossible])
    #expect(decisions.choose(0, among: [0, 1]) == 0)
    #expect(decisions.account.drift == 1)
  }

  @Test func `crossroads are kept on request`() {
    let decisions = Decisions(TOPHASH_POLICY_DEFAULT, keepsCrossroads: true)
    _ = decisions.choose(0, among: [0, 2])
    _ = decisions.choose(0, among: [0])
    _ = decisions.choose(0, among: [1, 2])
    let kept = decisions.crossroads
    #expect(kept.map(\.own_step) == [1, 3])
    #expect(kept.map(\.usual) == [0, 1])
    #expect(kept.map(\.others.0) == [0b101, 0b110])
  }

  @Test func `objects are numbered by appearance`() {
    let objects = UnsafeMutablePointer<tophash_objects>.allocate(capacity: 1)
    defer { objects.deallocate() }
    memset(objects, 0, MemoryLayout<tophash_objects>.size)
    #expect(tophash_object(objects, 0xF000) == 1)
    #expect(tophash_object(objects, 0x1000) == 2)
    #expect(tophash_object(objects, 0xF000) == 1)
    #expect(tophash_object(objects, 0) == 0)
  }
}

/// A scheduler with its memory, and threads that exist only here.
private final class Decisions {
  private let file = UnsafeMutablePointer<tophash_schedule_file>.allocate(capacity: 1)
  private let scheduler = UnsafeMutablePointer<tophash_scheduler>.allocate(capacity: 1)
  private var ownSteps = [UInt32](repeating: 0, count: 8)

  init(
    _ policy: tophash_policy, seed: UInt64 = 1, following choices: [tophash_choice]? = nil,
    keepsCrossroads: Bool = false
  ) {
    memset(file, 0, MemoryLayout<tophash_schedule_file>.size)
    let order = file.pointer(to: \.order)!
    order.pointer(to: \.policy)!.pointee = policy.rawValue
    order.pointer(to: \.seed)!.pointee = seed
    order.pointer(to: \.depth)!.pointee = 3
    order.pointer(to: \.length)!.pointee = 30
    order.pointer(to: \.keeps_crossroads)!.pointee = keepsCrossroads ? 1 : 0
    if let choices {
      order.pointer(to: \.is_replay)!.pointee = 1
      order.pointer(to: \.choice_count)!.pointee = UInt32(choices.count)
      for (index, choice) in choices.enumerated() { tophash_file_order(file)[index] = choice }
    }
    tophash_scheduler_start(
      scheduler, order, file.pointer(to: \.account)!, tophash_file_crossroads(file))
    for thread in 0..<UInt32(8) { tophash_scheduler_add(scheduler, thread) }
  }

  deinit {
    file.deallocate()
    scheduler.deallocate()
  }

  var account: tophash_account { file.pointer(to: \.account)!.pointee }

  var choices: [tophash_choice] {
    (0..<Int(account.choice_count)).map { tophash_file_choices(file)[$0] }
  }

  var crossroads: [tophash_crossroads] {
    (0..<Int(account.crossroads_count)).map { tophash_file_crossroads(file)[$0] }
  }

  func choose(
    _ current: UInt32, among threads: [UInt32], doing point: tophash_point = TOPHASH_POINT_LOCK,
    at place: ((UInt32) -> UInt64)? = nil, asleep: UInt32? = nil
  ) -> UInt32 {
    ownSteps[Int(current)] += 1
    let candidates = threads.map { thread in
      // Those who are told where they are lock one thing.
      tophash_candidate(
        thread: thread, point: point.rawValue, object: place == nil ? 1 + thread % 2 : 1,
        is_stuck: false, is_asleep: thread == asleep, place: place?(thread) ?? 0)
    }
    let next = tophash_scheduler_choose(
      scheduler, current, ownSteps[Int(current)], true, candidates, UInt32(candidates.count))
    tophash_scheduler_step(
      scheduler, candidates.first { $0.thread == next }!, candidates, UInt32(candidates.count))
    return next
  }

  /// Three threads of ten steps each; who ran, in order.
  func play() -> [UInt32] {
    var left = [10, 10, 10]
    var order: [UInt32] = []
    var current: UInt32 = 0
    while left.contains(where: { $0 > 0 }) {
      current = choose(current, among: (0..<3).filter { left[$0] > 0 }.map { UInt32($0) })
      left[Int(current)] -= 1
      order.append(current)
    }
    return order
  }
}
