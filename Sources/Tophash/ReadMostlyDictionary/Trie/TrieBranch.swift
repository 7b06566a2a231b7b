import Synchronization

/// A node of the trie: sixteen slots, chosen by four bits of the hash, and a lock for those who
/// change them.
///
///     0        8      9        16                                 144
///     ┌────────┬──────┬──────┬─┬────────┬────────┬─ … ─┬─────────┐
///     │ parent │ lock │ dead │ │ slot 0 │ slot 1 │     │ slot 15 │
///     └────────┴──────┴──────┴─┴────────┴────────┴─ … ─┴─────────┘
///
/// Invariants:
/// 1. A slot changes only under the lock of its branch, and not once the branch is dead.
/// 2. A branch is dead when it is being taken out of its parent. It is empty then and stays so, and a
///    reader who is still inside finds what was true when it died: nothing.
/// 3. A live branch other than the root has something in a slot, except under its own lock.
/// 4. Locks are taken upwards, from child to parent, so that no two can wait for each other.
///
/// No code of the user's (`==`, `hash(into:)`, `deinit`, closures) runs under a lock.
///
/// `@unchecked Sendable`: an address; what lies there is constant, atomic, or under the lock.
@frozen
@usableFromInline
struct TrieBranch: Equatable, @unchecked Sendable {
  /// Bits of the hash that choose a slot.
  @inlinable static var bits: UInt64 { 4 }
  @inlinable static var slotCount: Int { 16 }

  /// How far to shift a hash for the slot in the root: the top bits choose there, so that going
  /// through the slots in order is going through the hashes in order.
  @inlinable static var rootShift: UInt64 { 64 - bits }

  @frozen
  @usableFromInline
  struct Header: ~Copyable {
    @usableFromInline let parent: TrieBranch?
    @usableFromInline let lock = ShortLock()
    /// Guarded by `lock`.
    @usableFromInline var isDead = false

    @inlinable
    init(parent: TrieBranch?) { self.parent = parent }
  }

  @usableFromInline typealias Slot = Atomic<UInt>

  @usableFromInline let base: UnsafeMutableRawPointer

  @inlinable
  init(base: UnsafeMutableRawPointer) { self.base = base }

  @inlinable static var headerSize: Int { 16 }
  @inlinable static var size: Int { headerSize + slotCount * MemoryLayout<Slot>.stride }

  @inlinable
  static func allocate(parent: TrieBranch?) -> TrieBranch {
    let base = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    return TrieBranch(initializing: base, parent: parent)
  }

  @inlinable
  init(initializing base: UnsafeMutableRawPointer, parent: TrieBranch?) {
    self.base = base
    precondition(MemoryLayout<Header>.size <= Self.headerSize)
    base.initializeMemory(as: Header.self, to: Header(parent: parent))
    for index in 0..<Self.slotCount {
      (base + Self.headerSize).assumingMemoryBound(to: Slot.self)
        .advanced(by: index).initialize(to: Slot(0))
    }
  }

  @inlinable
  func deallocate() { base.deallocate() }

  @inlinable var header: UnsafeMutablePointer<Header> {
    base.assumingMemoryBound(to: Header.self)
  }

  @inlinable
  func slot(_ index: Int) -> UnsafeMutablePointer<Slot> {
    (base + Self.headerSize).assumingMemoryBound(to: Slot.self).advanced(by: index)
  }

  @inlinable
  static func index(of hash: UInt64, shift: UInt64) -> Int {
    Int(truncatingIfNeeded: (hash &>> shift) & 15)
  }

  @inlinable
  func content(_ index: Int) -> TrieSlot {
    // Acquiring: pairs with the releasing store in `exchange` and sees what it published.
    TrieSlot(word: slot(index).pointee.load(ordering: .acquiring))
  }

  /// Fills a slot of a branch that nobody else has seen.
  @inlinable
  func set(_ index: Int, _ content: TrieSlot) {
    // Relaxed: published later, by the `exchange` that puts this branch into a slot.
    slot(index).pointee.store(content.word, ordering: .relaxed)
  }

  /// Puts `new` into a slot if the slot still holds `expected` and the branch lives.
  @inlinable
  func exchange(_ index: Int, expected: TrieSlot, new: TrieSlot) -> Bool {
    guard acquireLock(expecting: expected, at: index) else { return false }
    // Releasing: publishes the leaf or the branches behind `new`; pairs with `content`.
    slot(index).pointee.store(new.word, ordering: .releasing)
    header.pointee.lock.release()
    return true
  }

  /// Empties a slot if it still holds `expected` and the branch lives, and takes branches that are
  /// empty now out of the trie, upwards. `hash` leads to the slot, `shift` is that of this branch.
  ///
  /// - Returns: the branches taken out, innermost first, to be retired; nil if nothing was done.
  @inlinable
  func clear(_ hash: UInt64, shift: UInt64, expected: TrieSlot) -> [TrieBranch]? {
    guard acquireLock(expecting: expected, at: Self.index(of: hash, shift: shift)) else {
      return nil
    }
    var removed: [TrieBranch] = []
    var branch = self
    var shift = shift
    while true {
      // Relaxed: emptiness publishes nothing.
      branch.slot(Self.index(of: hash, shift: shift)).pointee.store(0, ordering: .relaxed)
      guard let parent = branch.header.pointee.parent, branch.isEmpty else { break }
      // The parent lives, for it is not empty: it has this branch, which nobody else can take out.
      parent.header.pointee.lock.acquire()
      branch.header.pointee.isDead = true
      branch.header.pointee.lock.release()
      removed.append(branch)
      branch = parent
      shift &+= Self.bits
    }
    branch.header.pointee.lock.release()
    return removed
  }

  /// Takes the lock if the branch lives and has `expected` in a slot.
  @inlinable
  func acquireLock(expecting expected: TrieSlot, at index: Int) -> Bool {
    header.pointee.lock.acquire()
    // Relaxed: slots change only under the lock, which is held now.
    if !header.pointee.isDead && slot(index).pointee.load(ordering: .relaxed) == expected.word {
      return true
    }
    header.pointee.lock.release()
    return false
  }

  /// For the holder of the lock.
  @inlinable var isEmpty: Bool {
    for index in 0..<Self.slotCount where slot(index).pointee.load(ordering: .relaxed) != 0 {
      return false
    }
    return true
  }
}
