import CTophashSchedule
import CTophashTaskOrder
import TophashSearch

/// The memory of the library that decides, used again by each run.
final class RunMemory {
  let account = UnsafeMutablePointer<tophash_account>.allocate(capacity: 1)
  let candidates = UnsafeMutablePointer<tophash_candidate>.allocate(
    capacity: Int(TOPHASH_THREADS))
  private let order = UnsafeMutablePointer<tophash_order>.allocate(capacity: 1)
  private let scheduler = UnsafeMutablePointer<tophash_scheduler>.allocate(capacity: 1)
  private let crossroads = UnsafeMutablePointer<tophash_crossroads>.allocate(
    capacity: Int(TOPHASH_CROSSROADS))

  init() { tophash_order_clear(order) }

  deinit {
    account.deallocate()
    candidates.deallocate()
    order.deallocate()
    scheduler.deallocate()
    crossroads.deallocate()
  }

  func begin(_ plan: Plan, length: Int, keepsCrossroads: Bool) {
    order.pointee.length = UInt32(clamping: length)
    order.pointee.depth = UInt32(Plan.depth)
    order.pointee.keeps_crossroads = keepsCrossroads ? 1 : 0
    order.pointee.policy = TOPHASH_POLICY_DEFAULT.rawValue
    order.pointee.is_replay = 0
    order.pointee.choice_count = 0
    switch plan {
    case .plain: break
    case .search(let scheduler, let seed):
      order.pointee.policy = scheduler.policy
      order.pointee.seed = seed
    case .replay(let choices):
      order.pointee.is_replay = 1
      let kept = choices.prefix(Int(TOPHASH_CHOICES))
      order.pointee.choice_count = UInt32(kept.count)
      let slots = tophash_order_choices(order)!
      for (index, choice) in kept.enumerated() { slots[index] = tophash_choice(choice) }
    }
    tophash_account_clear(account)
    tophash_scheduler_start(scheduler, order, account, crossroads)
  }

  /// Whether it matters where tasks go on.
  var asksPlace: Bool { tophash_policy_asks_place(order.pointee.policy) }

  var steps: Int { Int(account.pointee.steps) }

  func add(_ lane: Int) { tophash_scheduler_add(scheduler, UInt32(lane)) }

  func choose(_ current: Int, ownStep: UInt32, _ count: UInt32) -> Int {
    Int(tophash_scheduler_choose(scheduler, UInt32(current), ownStep, true, candidates, count))
  }

  func step(_ lane: Int, _ move: TaskOrderRun.Move, _ count: UInt32) {
    let step = tophash_candidate(
      thread: UInt32(lane), point: move.point, object: 0, is_stuck: false, is_asleep: false,
      place: 0)
    tophash_scheduler_step(scheduler, step, candidates, count)
  }

  func read(into run: inout TaskOrderRun) {
    // Field by field: the whole of it is large.
    run.steps = Int(account.pointee.steps)
    run.switches = Int(account.pointee.switches)
    run.lastTask = Int(account.pointee.last_thread)
    run.hash = account.pointee.hash
    run.drift = Int(account.pointee.drift)
    let choices = tophash_account_choices(account)
    run.choices = UnsafeBufferPointer(start: choices, count: Int(account.pointee.choice_count)).map
    {
      Choice(thread: Int($0.thread), step: Int($0.step), next: Int($0.next))
    }
    let count = Int(account.pointee.crossroads_count)
    run.hasAllCrossroads = count < Int(TOPHASH_CROSSROADS)
    run.crossroads = UnsafeBufferPointer(start: crossroads, count: count).map(Crossroads.init)
  }
}

extension tophash_choice {
  fileprivate init(_ choice: Choice) {
    self.init(
      thread: UInt32(clamping: choice.thread), step: UInt32(clamping: choice.step),
      next: UInt32(clamping: choice.next))
  }
}
