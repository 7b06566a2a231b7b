import CTophashCore
import Glibc

/// Zeroed clocks, as the probe maps them.
final class ClockMemory {
  let clocks: UnsafeMutablePointer<tophash_clocks>
  private var strands: [UnsafeMutablePointer<tophash_strand>] = []

  init() {
    clocks = .zeroed()
  }

  deinit {
    clocks.freeZeroed()
    for strand in strands { strand.freeZeroed() }
  }

  /// A strand that knows what the sync objects `after` know.
  func begin(after syncs: [UInt64] = [], owner: UInt64 = 0) -> ClockStrand {
    let strand = UnsafeMutablePointer<tophash_strand>.zeroed()
    strands.append(strand)
    for sync in syncs { tophash_clocks_acquire(clocks, strand, sync) }
    var run = tophash_run()
    run.owner = owner
    tophash_strand_begin(clocks, strand, &run)
    return ClockStrand(clocks: clocks, strand: strand)
  }
}

/// One line of execution.
struct ClockStrand {
  let clocks: UnsafeMutablePointer<tophash_clocks>
  let strand: UnsafeMutablePointer<tophash_strand>

  var slot: UInt32 { strand.pointee.slot }

  func release(_ sync: UInt64) { tophash_clocks_release(clocks, strand, sync) }
  func acquire(_ sync: UInt64) { tophash_clocks_acquire(clocks, strand, sync) }
  func end() { tophash_strand_end(clocks, strand) }

  /// The stack of the earlier access that this one is unordered with.
  func access(_ address: UInt64, modifies: Bool, stack: UInt32 = 0) -> Conflict? {
    if tophash_clocks_is_repeated(clocks, strand, address, modifies) { return nil }
    var found = tophash_unordered()
    guard tophash_clocks_access(clocks, strand, address, modifies, stack, &found) else {
      return nil
    }
    return Conflict(stack: tophash_event_stack(found.earlier), modified: found.modified)
  }

  func read(_ address: UInt64, stack: UInt32 = 0) -> Conflict? {
    access(address, modifies: false, stack: stack)
  }

  func modify(_ address: UInt64, stack: UInt32 = 0) -> Conflict? {
    access(address, modifies: true, stack: stack)
  }

  /// Who an access is unordered with.
  struct Conflict: Equatable {
    var stack: UInt32
    var modified: Bool
  }
}

extension UnsafeMutablePointer {
  /// Memory that takes no room until it is touched.
  static func zeroed() -> Self {
    guard let memory = calloc(1, MemoryLayout<Pointee>.size) else { preconditionFailure() }
    return memory.bindMemory(to: Pointee.self, capacity: 1)
  }

  func freeZeroed() { free(self) }
}
