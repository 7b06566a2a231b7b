import CTophashThread
import Synchronization

/// What somebody does with a dictionary.
@usableFromInline
enum Operation: UInt8 {
  // Changes.
  case update, modify, remove, removeAll, reserveCapacity
  // The rest publish nothing, and are only known when they notice a change.
  case lookup, count, iterate, copy
}

/// One word says who changes a dictionary, or was the last to do so.
///
///     63 … 32   the thread, by its number
///     31 … 8    how many changes there were
///          7    watched: the change is not over before watched keys were looked for
///      6 … 4    the operation
///          3    keyed: keys are hashed by `Hasher`
///          2    growing: entries may be in the old array
///          1    contested: a misuse was noticed and is being cleared up
///          0    open: the change has not ended
///
/// A change stores its own word when it begins, after a look at the previous
/// one, and looks again when it ends. It uses no atomic read-modify-write
/// operation, so two changes may begin at once; but then only one of the words
/// stays, and the other side misses its own. A reader stores nothing: it
/// compares the word at its end with the one at its beginning. So a change is
/// noticed that begins and even ends while a reader is at work.
///
/// The bits `growing` and `keyed` say nothing about accesses. They are here because
/// a look-up has to ask for them anyway: one test tells it that nobody is at work,
/// that there is one array to look in, and how to hash.
@usableFromInline
enum AccessWord {
  @inlinable static var open: UInt64 { 1 }
  @inlinable static var contested: UInt64 { 2 }
  @inlinable static var busy: UInt64 { open | contested }
  @inlinable static var growing: UInt64 { 4 }
  @inlinable static var keyed: UInt64 { 8 }
  @inlinable static var watched: UInt64 { 128 }
  /// What a look-up cannot do on its short way.
  @inlinable static var special: UInt64 { busy | growing | keyed }

  /// Nothing was changed yet.
  @inlinable @inline(__always)
  static func initial(thread: UInt32, _ hashing: KeyHashing) -> UInt64 {
    UInt64(thread) &<< 32 | (hashing == .keyed ? keyed : 0)
  }

  @inlinable @inline(__always)
  static func next(after word: UInt64, _ operation: Operation, thread: UInt32) -> UInt64 {
    let kept = (word &+ 256) & (0xffff_ff00 | growing | keyed)
    return UInt64(thread) &<< 32 | kept | UInt64(operation.rawValue) &<< 4 | open
  }

  @usableFromInline
  static func operation(_ word: UInt64) -> Operation {
    Operation(rawValue: UInt8(truncatingIfNeeded: word >> 4) & 7) ?? .update
  }

  static func thread(_ word: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: word >> 32) }
}

extension FailFastDictionary {
  // The orderings are weak on purpose. Nothing is published through the word, and
  // no ordering could make a misused dictionary correct; what counts is that an
  // overlap in time is seen. Acquiring keeps a reader's first look in front of
  // its work and apart from its second one. On x86-64 all are plain moves.

  /// Begins a change. Nil: it was refused, as another access was open.
  @inlinable @inline(__always)
  func beginWrite(_ operation: Operation) -> UInt64? {
    var seen = access.load(ordering: .acquiring)
    if _slowPath(seen & AccessWord.busy != 0) {
      guard let admitted = admit(operation) else { return nil }
      seen = admitted
    }
    let word = AccessWord.next(after: seen, operation, thread: tophash_thread_number())
    access.store(word, ordering: .relaxed)
    site.store(tophash_program_counter(), ordering: .relaxed)
    caller.store(tophash_return_address(), ordering: .relaxed)
    if _slowPath((seen ^ word) &>> 32 != 0) { Lingering.linger() }
    return word
  }

  @inlinable @inline(__always)
  func endWrite(_ word: UInt64) {
    let now = access.load(ordering: .relaxed)
    // The change itself may have begun or ended growing.
    if _slowPath((now ^ word) & ~AccessWord.growing != 0) {
      leave(AccessWord.operation(word), word)
    } else {
      access.store(now & ~AccessWord.open, ordering: .releasing)
    }
  }

  /// Within a change: whether entries may be in the old array from now on.
  @inlinable
  func setGrowing(_ isGrowing: Bool) {
    // In one step, as somebody may mark the word as contested.
    if isGrowing {
      _ = access.bitwiseOr(AccessWord.growing, ordering: .relaxed)
    } else {
      _ = access.bitwiseAnd(~AccessWord.growing, ordering: .relaxed)
    }
  }

  /// Begins a reading access. Nil: it was refused, as a change was open.
  @inlinable @inline(__always)
  func beginRead(_ operation: Operation) -> UInt64? {
    let seen = access.load(ordering: .acquiring)
    if _slowPath(seen & AccessWord.busy != 0) { return admit(operation) }
    return seen
  }

  @inlinable @inline(__always)
  func isUnchanged(since seen: UInt64) -> Bool { access.load(ordering: .relaxed) == seen }

  @inlinable @inline(__always)
  func endRead(_ seen: UInt64, _ operation: Operation) {
    if _slowPath(!isUnchanged(since: seen)) {
      leave(operation, seen)
    }
  }
}
