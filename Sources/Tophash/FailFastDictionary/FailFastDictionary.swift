import CTophashThread
import Synchronization

/// A dictionary that is not for sharing, and says so when it is shared.
///
/// Use it from one task at a time. When two of them meet in it after all, and at
/// least one changes it, the program stops with the sentence that Go programmers
/// know, followed by both sides of the conflict:
///
///     fatal error: concurrent map read and map write
///
/// `DictionaryMisuse` says what is noticed and how to do something else than stop.
///
/// The table grows in small steps: after it has doubled, each change moves at
/// most two buckets of the old array, so that no single insertion ever pays for
/// a whole rehash. The design is that of Go's map up to version 1.23: buckets of
/// eight cells with control bytes, overflow buckets, growth beyond 6.5 entries
/// per bucket, incremental evacuation.
///
/// It is a class: two variables may name the same dictionary, `let` does not
/// make it constant, and `copy()` makes another. A `struct` that is copied when
/// it is written could not notice misuse, as each side would soon have its own.
///
/// While you iterate, you may change the dictionary: no key comes twice, and no
/// key is missed that was there all the time; a key that is added meanwhile may
/// come or not. The order is unspecified and differs from one loop to the next.
///
/// - Note: Do not use it where several tasks have to share a dictionary, even
///   though it notices: use `ConcurrentDictionary`. For values that are copied
///   rather than shared, `Dictionary` is the better choice.
public final class FailFastDictionary<Key: Hashable, Value> {
  // The fields are never under dynamic exclusivity checking: `access` does
  // that work, and for all threads.

  /// Who changes the dictionary, or was the last to do so, or made it.
  @usableFromInline let access: Atomic<UInt64>

  /// Where the latest change was begun: two levels of a stack, which cost two stores. Atomic, for
  /// they are read while another thread may change them.
  @usableFromInline let site = Atomic<UInt>(0)
  @usableFromInline let caller = Atomic<UInt>(0)

  @exclusivity(unchecked) @usableFromInline var storedCount = 0
  @exclusivity(unchecked) @usableFromInline var hasher: KeyHasher<Key>
  /// The current array. With no array yet, one bucket that is always empty.
  @exclusivity(unchecked) @usableFromInline var current: BucketView<Key, Value>
  /// The array that is being evacuated into the current one.
  @exclusivity(unchecked) @usableFromInline var old: BucketView<Key, Value>?
  /// The buckets of the old array below this one are evacuated.
  @exclusivity(unchecked) @usableFromInline var evacuatedCount = 0
  /// When that many are, a piece of the old array's memory can be given back.
  @exclusivity(unchecked) @usableFromInline var nextRelease = 0
  /// Whether the next change has to move old buckets or free old memory.
  @exclusivity(unchecked) @usableFromInline var hasWork = false
  /// Whether `tophash watch` follows keys; then there is work with each change.
  @exclusivity(unchecked) @usableFromInline var isWatched = false
  /// An insertion beyond this many entries makes the array double. 0 when it is to be packed.
  @exclusivity(unchecked) @usableFromInline var growthLimit = 0

  @exclusivity(unchecked) @usableFromInline var currentArray: BucketArray<Key, Value>?
  @exclusivity(unchecked) @usableFromInline var oldArray: BucketArray<Key, Value>?
  /// An evacuated array that still has overflow buckets to free.
  @exclusivity(unchecked) @usableFromInline var drainedArray: BucketArray<Key, Value>?

  @exclusivity(unchecked) @usableFromInline var doublingCount = 0
  @exclusivity(unchecked) @usableFromInline var sameSizeGrowthCount = 0
  @exclusivity(unchecked) @usableFromInline var evacuationCount = 0

  @usableFromInline let name: StaticString
  @usableFromInline let isChecked: Bool

  /// Makes an empty dictionary.
  ///
  /// - Parameter hashing: `.keyed` for keys that an attacker may choose.
  @inlinable
  public convenience init(hashing: KeyHashing = .fast) {
    self.init(hasher: KeyHasher(hashing, seed: SharedRandomSource.next()))
  }

  /// - Parameters:
  ///   - name: What the timeline calls it.
  ///   - isChecked: False for a table whose changes do not begin and end by the access word: there
  ///     is no end at which to tell where a watched key is.
  @inlinable
  init(hasher: KeyHasher<Key>, name: StaticString = "FailFastDictionary", isChecked: Bool = true) {
    self.name = name
    self.isChecked = isChecked
    access = Atomic(AccessWord.initial(thread: tophash_thread_number(), hasher.hashing))
    self.hasher = hasher
    current = BucketView(heads: EmptyBucket.head, entries: Self.noEntries, mask: 0)
  }

  /// Makes an empty dictionary that takes at least `minimumCapacity` entries without growing.
  @inlinable
  public convenience init(minimumCapacity: Int, hashing: KeyHashing = .fast) {
    self.init(hashing: hashing)
    if minimumCapacity > 0 { install(BucketArray(exponent: Self.exponent(for: minimumCapacity))) }
  }

  @inlinable
  deinit {
    if _slowPath(isWatched) { KeyWatch.tell(self, .gone) }
  }

  /// Never dereferenced: the control bytes of the empty bucket match no key.
  @inlinable
  static var noEntries: UnsafeMutablePointer<Entry<Key, Value>> {
    UnsafeMutablePointer(bitPattern: MemoryLayout<Entry<Key, Value>>.alignment)!
  }
}

/// Sharing it is a mistake, which the compiler reports where it can.
@available(*, unavailable, message: "use ConcurrentDictionary to share a dictionary")
extension FailFastDictionary: @unchecked Sendable {}

/// The bucket of every dictionary that has no array yet.
@usableFromInline
enum EmptyBucket {
  /// Read by all and written by none, so it needs no protection.
  @usableFromInline nonisolated(unsafe) static let head: UnsafeMutablePointer<BucketHead> = {
    let head = UnsafeMutablePointer<BucketHead>.allocate(capacity: 1)
    head.initialize(to: BucketHead(controls: ControlWord(bits: 0), overflow: nil))
    return head
  }()
}

// MARK: Looking up

extension FailFastDictionary {
  /// The hash of `key` in this dictionary.
  @inlinable @inline(__always)
  func hash(of key: Key) -> UInt { UInt(truncatingIfNeeded: hasher.hash(key)) }

  /// Draws another seed. Only while the dictionary is empty: all hashes change.
  @inlinable
  func reseed() {
    hasher = KeyHasher(hasher.hashing, seed: SharedRandomSource.next())
  }

  /// The cell of `key`. Changes nothing, and moves no bucket.
  @inlinable @inline(__always)
  func find(_ key: Key) -> Cell<Key, Value>? { find(key, hash(of: key)) }

  @inlinable @inline(__always)
  func find(_ key: Key, _ hash: UInt) -> Cell<Key, Value>? {
    bucketHolding(hash).find(key, fingerprint: ControlByte.fingerprint(of: hash))
  }

  /// The bucket of keys with that hash: an old one as long as it is not evacuated.
  @inlinable @inline(__always)
  func bucketHolding(_ hash: UInt) -> Bucket<Key, Value> {
    if let old {
      let index = old.index(of: hash)
      if index >= evacuatedCount { return old[index] }
    }
    return current[current.index(of: hash)]
  }

  /// The number of entries.
  ///
  /// - Complexity: O(1)
  @inlinable
  public var count: Int {
    guard let seen = beginRead(.count) else { return storedCount }
    let count = storedCount
    endRead(seen, .count)
    return count
  }

  /// Whether there are no entries.
  @inlinable
  public var isEmpty: Bool { count == 0 }

  /// Whether there is a value for `key`.
  ///
  /// - Complexity: O(1) expected
  @inlinable
  public func contains(_ key: Key) -> Bool {
    guard let seen = beginRead(.lookup) else { return false }
    let found = find(key) != nil
    endRead(seen, .lookup)
    return found
  }

  /// A reading access, but arranged so that on the short way it costs hardly more
  /// than a look-up without any check: the first look at the access word is the
  /// one at whether the dictionary grows, and nothing has to be kept for misuse
  /// but the word itself.
  @inlinable @inline(__always)
  func lookUp(_ key: Key) -> Value? {
    let seen = access.load(ordering: .acquiring)
    let value: Value?
    if _fastPath(seen & AccessWord.special == 0) {
      value = findInOneArray(key)?.entry.pointee.value
    } else if seen & AccessWord.busy == 0 {
      value = find(key)?.entry.pointee.value
    } else {
      return lookUpAgain(key, seen)
    }
    guard _fastPath(isUnchanged(since: seen)) else { return lookUpAgain(key, seen) }
    return value
  }

  /// The cell of `key` when there is no old array, and hashes are not keyed.
  @inlinable @inline(__always)
  func findInOneArray(_ key: Key) -> Cell<Key, Value>? {
    let hash = UInt(truncatingIfNeeded: hasher.hashUnkeyed(key))
    return current[current.index(of: hash)]
      .find(key, fingerprint: ControlByte.fingerprint(of: hash))
  }

  /// Reports the misuse, if it is one, and looks the key up again.
  ///
  /// - Parameter seen: what the access word was when the look-up began.
  @inlinable @inline(never)
  func lookUpAgain(_ key: Key, _ seen: UInt64) -> Value? {
    if seen & AccessWord.busy == 0 { endRead(seen, .lookup) }
    guard let seen = beginRead(.lookup) else { return nil }
    let value = find(key)?.entry.pointee.value
    endRead(seen, .lookup)
    return value
  }
}

extension FailFastDictionary {
  /// The value for `key`. Assigning `nil` removes the key.
  ///
  /// A value that is modified in place is held for as long as that takes, and
  /// nobody else may touch the dictionary meanwhile.
  ///
  /// - Complexity: O(1) expected; an insertion moves at most two old buckets
  @inlinable
  public subscript(key: Key) -> Value? {
    get { lookUp(key) }
    set {
      if let newValue { updateValue(newValue, forKey: key) } else { removeValue(forKey: key) }
    }
    _modify {
      guard let access = beginWrite(.modify) else {
        var refused: Value?
        yield &refused
        return
      }
      moveOldBuckets()
      let hash = hash(of: key)
      let cell = find(key, hash)
      // The cell's value is moved out while it is being modified, and then back.
      var value = cell?.value.move()
      defer {
        let removed = putBack(value, of: key, hash, into: cell)
        reseedIfEmpty()
        endWrite(access)
        withExtendedLifetime(removed) {}
      }
      yield &value
    }
  }

  /// The value for `key`, or `defaultValue` when there is none. Modifying it inserts the default first.
  ///
  /// - Complexity: O(1) expected; an insertion moves at most two old buckets
  @inlinable
  public subscript(
    key: Key, default defaultValue: @autoclosure () -> Value
  ) -> Value {
    get { lookUp(key) ?? defaultValue() }
    _modify {
      guard let access = beginWrite(.modify) else {
        var refused = defaultValue()
        yield &refused
        return
      }
      moveOldBuckets()
      let hash = hash(of: key)
      let cell =
        find(key, hash) ?? insert(Entry(key: key, value: defaultValue()), hash)
      defer { endWrite(access) }
      yield &cell.value.pointee
    }
  }
}
