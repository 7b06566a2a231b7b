import CTophashSchedule
import Glibc
import TophashSearch

/// The file that tool and program have both mapped: the order of a run, and its account.
final class SharedFile {
  let path: String
  private let file: UnsafeMutablePointer<tophash_schedule_file>

  /// Makes one at `path`; `nil` when the system does not let it.
  init?(path: String) {
    self.path = path
    let size = MemoryLayout<tophash_schedule_file>.size
    let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    // Takes the room now: a disk that is full later would be a bus error in the program.
    let error = posix_fallocate(descriptor, 0, off_t(size))
    if error != 0 { errno = error }
    guard error == 0,
      let memory = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
      memory != MAP_FAILED
    else { return nil }
    file = memory.assumingMemoryBound(to: tophash_schedule_file.self)
    file.pointee.version = UInt32(TOPHASH_SCHEDULE_VERSION)
    file.pointee.size = UInt32(size)
  }

  deinit {
    munmap(file, MemoryLayout<tophash_schedule_file>.size)
  }

  /// Says where the program's locked instructions are. To be called before it starts.
  func write(lockedInstructions: [UInt64]) {
    let places = lockedInstructions.prefix(Int(TOPHASH_LOCKED))
    for (index, place) in places.enumerated() { tophash_file_locked(file)[index] = place }
    file.pointee.locked_count = UInt32(places.count)
  }

  func write(_ order: Order) {
    let into = file.pointer(to: \.order)!
    into.pointer(to: \.policy)!.pointee = TOPHASH_POLICY_DEFAULT.rawValue
    into.pointer(to: \.is_replay)!.pointee = 0
    into.pointer(to: \.choice_count)!.pointee = 0
    into.pointer(to: \.depth)!.pointee = UInt32(Plan.depth)
    into.pointer(to: \.length)!.pointee = UInt32(clamping: order.length)
    into.pointer(to: \.step_limit)!.pointee = UInt32(clamping: order.stepLimit)
    into.pointer(to: \.keeps_crossroads)!.pointee = order.keepsCrossroads ? 1 : 0
    into.pointer(to: \.is_detailed)!.pointee = order.isDetailed ? 1 : 0
    into.pointer(to: \.is_direct)!.pointee = order.isDirect ? 1 : 0
    into.pointer(to: \.delay_ms)!.pointee = UInt32(clamping: order.delay)
    into.pointer(to: \.real_limit_ms)!.pointee = UInt32(clamping: order.realLimit)
    switch order.plan {
    case .plain: break
    case .search(let scheduler, let seed):
      into.pointer(to: \.policy)!.pointee = scheduler.policy
      into.pointer(to: \.seed)!.pointee = seed
    case .replay(let choices):
      into.pointer(to: \.is_replay)!.pointee = 1
      let room = Int(TOPHASH_CHOICES)
      into.pointer(to: \.choice_count)!.pointee = UInt32(min(choices.count, room))
      let slots = tophash_file_order(file)!
      for (index, choice) in choices.prefix(room).enumerated() {
        slots[index] = tophash_choice(
          thread: UInt32(clamping: choice.thread), step: UInt32(clamping: choice.step),
          next: UInt32(clamping: choice.next))
      }
    }
  }

  /// What became of the run. With all of its events only when `isDetailed`.
  func account(isDetailed: Bool) -> Account {
    let from = file.pointer(to: \.account)!
    var account = Account()
    account.readFacts(from)
    let facts = from.pointee
    account.choices = slots(tophash_file_choices(file), facts.choice_count, TOPHASH_CHOICES).map {
      Choice(thread: Int($0.thread), step: Int($0.step), next: Int($0.next))
    }
    account.overlaps = slots(tophash_file_overlaps(file), facts.overlap_count, TOPHASH_OVERLAPS)
      .map(Account.Overlap.init)
    account.crossroads = slots(
      tophash_file_crossroads(file), facts.crossroads_count, TOPHASH_CROSSROADS
    ).map(Crossroads.init)
    guard isDetailed else { return account }
    account.threads = slots(tophash_file_threads(file), facts.thread_count, TOPHASH_THREADS)
      .map(Account.Thread.init)
    account.events = slots(tophash_file_events(file), facts.event_count, TOPHASH_EVENTS)
      .map(Account.Event.init)
    let named = slots(tophash_file_named(file), facts.named_count, TOPHASH_NAMED_OBJECTS)
    account.variables = named.indices.map { index in
      let slot = named.baseAddress! + index
      let size = min(Int(slot.pointee.size), Int(TOPHASH_SNAPSHOT_BYTES))
      return Account.NamedObject(
        address: slot.pointee.address, object: Int(slot.pointee.object),
        snapshot: Array(UnsafeBufferPointer(start: tophash_snapshot_of(slot), count: size)))
    }
    account.crashStack = list(of: facts.crash_frames, count: facts.crash_frame_count)
    return account
  }

  private func slots<Element>(
    _ start: UnsafeMutablePointer<Element>?, _ count: UInt32, _ room: Int32
  ) -> UnsafeBufferPointer<Element> {
    UnsafeBufferPointer(start: start, count: min(Int(count), Int(room)))
  }
}

/// The first `count` addresses of an array of C.
func list<Tuple>(of tuple: Tuple, count: UInt32) -> [UInt64] {
  withUnsafeBytes(of: tuple) { Array($0.bindMemory(to: UInt64.self).prefix(Int(count))) }
}
