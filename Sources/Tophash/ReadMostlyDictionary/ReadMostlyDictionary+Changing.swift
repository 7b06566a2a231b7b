import Synchronization

extension ReadMostlyDictionary {
  /// Stores `value` for `key`. Go's `Swap`, or `Store` when the result is not used.
  ///
  /// - Returns: the value that was stored before, or nil.
  @inlinable
  @discardableResult
  public func updateValue(_ value: Value, forKey key: Key) -> Value? {
    change(key) { old in (.store(value), old) }
  }

  /// Removes `key`. Go's `LoadAndDelete`, or `Delete` when the result is not used.
  ///
  /// - Returns: the value that was stored, or nil.
  @inlinable
  @discardableResult
  public func removeValue(forKey key: Key) -> Value? {
    change(key) { old in (.remove, old) }
  }

  /// The value stored for `key`; if there is none, stores and returns `value`. Go's `LoadOrStore`.
  ///
  /// `value` is evaluated at most once, and only if the key was seen to be absent. When two tasks
  /// insert at the same time, both may evaluate it; one of the results is stored, and both get that.
  ///
  /// - Returns: the value that is stored now, and whether this call has stored it.
  @inlinable
  @discardableResult
  public func value(
    forKey key: Key, insertingIfAbsent value: @autoclosure () throws -> Value
  ) rethrows -> (value: Value, inserted: Bool) {
    if let existing = self[key] { return (existing, false) }
    let new = try value()
    return change(key) { old in
      if let old { (.keep, (old, false)) } else { (.store(new), (new, true)) }
    }
  }

  /// Removes all entries. Go's `Clear`.
  ///
  /// A change that overlaps the call may take effect before it and so be undone. The entries are
  /// destroyed by this call, or, when somebody is reading, by a later change of this dictionary.
  ///
  /// - Complexity: O(1) until the dictionary is empty, O(*n*) to destroy the entries.
  @inlinable
  public func removeAll() {
    let new = UInt(bitPattern: TrieTree.allocate().root.base)
    // Acquiring and releasing: publishes the new tree, pairs with `tree`; and takes over the old one.
    let old = treeWord.exchange(new, ordering: .acquiringAndReleasing)
    let root = TrieBranch(base: UnsafeMutableRawPointer(bitPattern: old).unsafelyUnwrapped)
    limbo.retire(.tree(TrieTree(root: root)))
    limbo.flush()
  }

  /// Reads and changes the value for `key` in one step.
  ///
  ///     hits.withValue(forKey: page) { $0 = ($0 ?? 0) + 1 }
  ///
  /// `body` gets the value, nil if there is none, and leaves in its place the value to store, nil to
  /// remove the entry. If another task changes the key meanwhile, `body` is called again with what
  /// is there then, and only the last call counts; so it should do nothing but compute. It runs
  /// under no lock, and may use the dictionary, but must not itself change this key. While it runs,
  /// no memory of any concurrent dictionary is released: keep it short. If it throws, nothing is
  /// changed.
  @inlinable
  public func withValue<Result, Failure: Error>(
    forKey key: Key, _ body: (inout Value?) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try change(key) { old throws(Failure) in
      var value = old
      let result = try body(&value)
      guard let value else { return (.remove, result) }
      return (.store(value), result)
    }
  }
}

extension ReadMostlyDictionary where Value: Equatable {
  /// Stores `desired` for `key` if the value stored is equal to `expected`. Go's `CompareAndSwap`.
  ///
  /// - Returns: whether it did so, and the value that it found; nil and false if there is none.
  @inlinable
  @discardableResult
  public func compareExchange(
    forKey key: Key, expected: Value, desired: Value
  ) -> (exchanged: Bool, original: Value?) {
    change(key) { old in
      old == expected ? (.store(desired), (true, old)) : (.keep, (false, old))
    }
  }

  /// Removes `key` if the value stored is equal to `expected`. Go's `CompareAndDelete`.
  ///
  /// - Returns: whether it did so. False if there is no value.
  @inlinable
  @discardableResult
  public func removeValue(forKey key: Key, ifEqualTo expected: Value) -> Bool {
    change(key) { old in old == expected ? (.remove, true) : (.keep, false) }
  }
}

/// What a change does, once it has seen what is there.
@frozen
@usableFromInline
enum TrieChange<Value> {
  case keep
  case store(Value)
  case remove
}

extension ReadMostlyDictionary {
  /// Looks at the value for `key` and does what `decide` says, as one step.
  ///
  /// Everything is prepared without a lock; under the lock, one word is compared and stored. It
  /// still being there proves that nothing has changed: it stands for a chain that never changes,
  /// at an address that is not used again while this task is pinned.
  ///
  /// `decide` is called again when the key was changed meanwhile; the last call counts.
  @inlinable
  func change<Result, Failure: Error>(
    _ key: Key, _ decide: (Value?) throws(Failure) -> (TrieChange<Value>, Result)
  ) throws(Failure) -> Result {
    let hash = hasher.hash(key)
    let pin = domain.pin()
    defer { domain.unpin(pin) }
    var tree = self.tree
    var place = Place(of: hash, in: tree.root)
    var found = (place.content.chain() as Chain).find(key, hash: hash)
    var (change, result) = try decide(found?.pointee.value)
    while true {
      switch change {
      case .keep:
        return result
      case .store(let value):
        if store(value, key: key, at: place, replacing: found) {
          if found == nil { tree.counter.add(1) }
          return result
        }
      case .remove:
        guard let found else { return result }
        if remove(found, at: place) {
          tree.counter.add(-1)
          return result
        }
      }
      // The slot has changed. That need not have been this key: its entry may be the same still,
      // or still absent, and then the decision stands.
      let seen = found
      tree = self.tree
      place = Place(of: hash, in: tree.root)
      found = (place.content.chain() as Chain).find(key, hash: hash)
      if found != seen { (change, result) = try decide(found?.pointee.value) }
    }
  }

  /// A slot that held no branch when it was looked at.
  @frozen
  @usableFromInline
  struct Place {
    @usableFromInline let hash: UInt64
    @usableFromInline var branch: TrieBranch
    @usableFromInline var shift: UInt64
    @usableFromInline var content: TrieSlot

    @inlinable
    init(of hash: UInt64, in root: TrieBranch) {
      self.hash = hash
      branch = root
      shift = TrieBranch.rootShift
      content = root.content(TrieBranch.index(of: hash, shift: shift))
      while let child = content.branch {
        branch = child
        shift &-= TrieBranch.bits
        content = child.content(TrieBranch.index(of: hash, shift: shift))
      }
    }

    @inlinable
    func exchange(for new: TrieSlot) -> Bool {
      branch.exchange(TrieBranch.index(of: hash, shift: shift), expected: content, new: new)
    }
  }

  @inlinable
  func store(
    _ value: Value, key: Key, at place: Place, replacing found: Chain.Entry.Pointer?
  ) -> Bool {
    let old: Chain = place.content.chain()
    if let other = old.head, other.pointee.hash != place.hash {
      return split(other.pointee.hash, at: place, adding: key, value)
    }
    let new = old.storing(value, key: key, hash: place.hash, replacing: found)
    guard place.exchange(for: TrieSlot(new)) else {
      discard(new, sharing: found.map { $0.pointee.next } ?? old.head)
      return false
    }
    if let found { retire(old, through: found) }
    return true
  }

  @inlinable
  func remove(_ found: Chain.Entry.Pointer, at place: Place) -> Bool {
    let old: Chain = place.content.chain()
    let new = old.removing(found)
    if new.head != nil {
      guard place.exchange(for: TrieSlot(new)) else {
        discard(new, sharing: found.pointee.next)
        return false
      }
    } else {
      guard
        let emptied = place.branch.clear(place.hash, shift: place.shift, expected: place.content)
      else { return false }
      for branch in emptied { limbo.retire(.branch(branch)) }
    }
    retire(old, through: found)
    return true
  }

  /// Puts branches in the place of a chain, as many as it takes for the two hashes to part.
  @inlinable
  @inline(never)
  func split(_ other: UInt64, at place: Place, adding key: Key, _ value: Value) -> Bool {
    let top = TrieBranch.allocate(parent: place.branch)
    var bottom = top
    var shift = place.shift &- TrieBranch.bits
    var index = TrieBranch.index(of: place.hash, shift: shift)
    while index == TrieBranch.index(of: other, shift: shift) {
      let next = TrieBranch.allocate(parent: bottom)
      bottom.set(index, TrieSlot(next))
      bottom = next
      shift &-= TrieBranch.bits
      index = TrieBranch.index(of: place.hash, shift: shift)
    }
    let chain = Chain(nil).storing(value, key: key, hash: place.hash, replacing: nil)
    bottom.set(TrieBranch.index(of: other, shift: shift), place.content)
    bottom.set(index, TrieSlot(chain))
    if place.exchange(for: TrieSlot(top)) { return true }
    discard(chain, sharing: nil)
    while bottom != top {
      let parent = bottom.header.pointee.parent.unsafelyUnwrapped
      bottom.deallocate()
      bottom = parent
    }
    top.deallocate()
    return false
  }

  /// Hands over the entries of a chain up to and with `last`: what the new chain does not share.
  @inlinable
  func retire(_ chain: Chain, through last: Chain.Entry.Pointer) {
    chain.forEach(upTo: last) { limbo.retire(.entry($0)) }
    limbo.retire(.entry(last))
  }

  /// Destroys the part of a chain that nobody else has seen.
  @inlinable
  func discard(_ chain: Chain, sharing tail: Chain.Entry.Pointer?) {
    chain.forEach(upTo: tail) { Chain.destroy($0) }
  }
}
