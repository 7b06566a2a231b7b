/// A key with its value. Never changed once others can see it: an update puts another in its place.
///
///     slot ──▶ entry ──next──▶ entry      a chain: equal in all 64 bits of the hash, so nearly
///                                         always of one
///
/// That makes the word in a slot stand for all that lies behind it: whoever finds the word
/// unchanged knows that the chain is, too.
@frozen
@usableFromInline
struct TrieEntry<Key: Hashable, Value> {
  @usableFromInline typealias Pointer = UnsafeMutablePointer<TrieEntry>

  @usableFromInline let hash: UInt64
  @usableFromInline let next: Pointer?
  @usableFromInline let key: Key
  @usableFromInline let value: Value

  @inlinable
  init(hash: UInt64, next: Pointer?, key: Key, value: Value) {
    self.hash = hash
    self.next = next
    self.key = key
    self.value = value
  }
}

/// A chain of entries, by its head.
///
/// Owns nothing. Valid as long as the pin under which the head was read, or, for a chain that
/// nobody else has seen yet, until it is destroyed.
@frozen
@usableFromInline
struct TrieChain<Key: Hashable, Value> {
  @usableFromInline typealias Entry = TrieEntry<Key, Value>

  @usableFromInline let head: Entry.Pointer?

  @inlinable
  init(_ head: Entry.Pointer?) { self.head = head }

  @inlinable
  func find(_ key: Key, hash: UInt64) -> Entry.Pointer? {
    guard var entry = head, entry.pointee.hash == hash else { return nil }
    while entry.pointee.key != key {
      guard let next = entry.pointee.next else { return nil }
      entry = next
    }
    return entry
  }

  /// Makes a chain that has `value` in the place of `replaced`, or in front if that is nil.
  ///
  /// What lies behind the replaced entry is shared with this chain; what lies before it is copied.
  @inlinable
  func storing(_ value: Value, key: Key, hash: UInt64, replacing replaced: Entry.Pointer?) -> Self {
    guard let replaced else {
      return Self(Self.allocate(Entry(hash: hash, next: head, key: key, value: value)))
    }
    let entry = Entry(hash: hash, next: replaced.pointee.next, key: replaced.pointee.key, value: value)
    return copying(upTo: replaced, before: Self.allocate(entry))
  }

  /// Makes a chain without `removed`.
  @inlinable
  func removing(_ removed: Entry.Pointer) -> Self {
    copying(upTo: removed, before: removed.pointee.next)
  }

  /// Copies the entries before `end`, in order, and has `tail` follow them.
  @inlinable
  func copying(upTo end: Entry.Pointer, before tail: Entry.Pointer?) -> Self {
    guard head != end else { return Self(tail) }
    return copyingCollisions(upTo: end, before: tail)
  }

  @inlinable
  @inline(never)
  func copyingCollisions(upTo end: Entry.Pointer, before tail: Entry.Pointer?) -> Self {
    var originals: [Entry.Pointer] = []
    forEach(upTo: end) { originals.append($0) }
    var next = tail
    for original in originals.reversed() {
      let entry = original.pointee
      next = Self.allocate(Entry(hash: entry.hash, next: next, key: entry.key, value: entry.value))
    }
    return Self(next)
  }

  /// Calls `body` with each entry before `end`; what follows an entry is read before the call.
  @inlinable
  func forEach(upTo end: Entry.Pointer?, _ body: (Entry.Pointer) -> Void) {
    var entry = head
    while let current = entry, current != end {
      entry = current.pointee.next
      body(current)
    }
  }

  @inlinable
  static func allocate(_ entry: Entry) -> Entry.Pointer {
    let pointer = Entry.Pointer.allocate(capacity: 1)
    pointer.initialize(to: entry)
    return pointer
  }

  @inlinable
  static func destroy(_ entry: Entry.Pointer) {
    entry.deinitialize(count: 1)
    entry.deallocate()
  }
}
