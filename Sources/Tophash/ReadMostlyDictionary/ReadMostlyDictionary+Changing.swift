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

  /// The value stored for `key`; if there is none, the one that `makeValue` makes is stored first.
  ///
  /// `makeValue` runs once at most, only if the key was seen to be absent, and under no lock. When
  /// two tasks find the key absent at the same time, both make a value; one of them is stored, and
  /// both get that.
  @inlinable
  public func value(
    forKey key: Key, insertingIfAbsent makeValue: @autoclosure () throws -> Value
  ) rethrows -> Value {
    if let present = self[key] { return present }
    return insertValue(try makeValue(), forKey: key).value
  }

  /// Stores `value` for `key` if there is none. Go's `LoadOrStore`.
  ///
  /// - Returns: whether it did so, and the value that is stored now.
  @inlinable
  @discardableResult
  public func insertValue(_ value: Value, forKey key: Key) -> (inserted: Bool, value: Value) {
    change(key) { old in
      if let old { (.keep, (false, old)) } else { (.store(value), (true, value)) }
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
  /// remove the entry. If another task changes the key meanwhile, or one that is stored beside it,
  /// `body` is called again with what is there then, and only the last call counts. So it should do
  /// nothing but compute; it must not change this dictionary, since it could be called forever. It
  /// runs under no lock. While it runs, no memory of any concurrent dictionary is released: keep it
  /// short. If it throws, nothing is changed.
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
  /// Sets the value for `key` to `desired` if it is `expected`. For both, nil means: no value.
  ///
  /// With two values it is Go's `CompareAndSwap`.
  ///
  /// - Returns: whether it was, and the value that was found.
  @inlinable
  @discardableResult
  public func compareExchange(
    forKey key: Key, expected: Value?, desired: Value?
  ) -> (exchanged: Bool, original: Value?) {
    change(key) { old in
      guard old == expected else { return (.keep, (false, old)) }
      guard let desired else { return (.remove, (true, old)) }
      return (.store(desired), (true, old))
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
  /// still being there proves that nothing has changed: it stands for a leaf that never changes, at
  /// an address that is not used again while this task is pinned.
  ///
  /// `decide` is called again when something has changed; the last call counts.
  @inlinable
  func change<Result, Failure: Error>(
    _ key: Key, _ decide: (Value?) throws(Failure) -> (TrieChange<Value>, Result)
  ) throws(Failure) -> Result {
    let hash = hasher.hash(key)
    let pin = domain.pin()
    defer { domain.unpin(pin) }
    while true {
      let tree = self.tree
      let place = Place(of: hash, in: tree.root)
      let leaf = place.content.leaf(of: Leaf.self)
      let index = leaf?.find(key, hash: hash)
      let old = index.map { leaf.unsafelyUnwrapped.entries[$0].value }
      let (change, result) = try decide(old)
      let new: TrieSlot?
      switch (change, leaf, index) {
      case (.keep, _, _), (.remove, _, nil), (.remove, nil, _):
        return result
      case (.remove, let leaf?, let index?):
        new = leaf.count == 1 ? nil : TrieSlot(leaf.removing(index))
      case (.store(let value), let leaf?, let index?):
        new = TrieSlot(leaf.replacing(index, with: value))
      case (.store(let value), let leaf?, nil):
        new =
          leaf.hasRoom(for: hash)
          ? TrieSlot(leaf.appending(hash: hash, key: key, value: value))
          : TrieSlot(split(leaf, at: place, adding: key, value))
      case (.store(let value), nil, _):
        new = TrieSlot(Leaf.make(hash: hash, key: key, value: value))
      }
      guard replace(place, with: new) else { continue }
      if let leaf { limbo.retire(.leaf(leaf)) }
      switch change {
      case .store: if index == nil { tree.counter.add(1) }
      case .remove: tree.counter.add(-1)
      case .keep: break
      }
      return result
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

    @inlinable @inline(__always)
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
  }

  /// Puts `new` into the slot, or nothing, if it still has what it had.
  @inlinable
  func replace(_ place: Place, with new: TrieSlot?) -> Bool {
    if let new {
      let index = TrieBranch.index(of: place.hash, shift: place.shift)
      if place.branch.exchange(index, expected: place.content, new: new) { return true }
      new.destroy(Leaf.self)
      return false
    }
    guard let emptied = place.branch.clear(place.hash, shift: place.shift, expected: place.content)
    else { return false }
    for branch in emptied { limbo.retire(.branch(branch)) }
    return true
  }

  /// Makes a branch, with others below where it takes more, for the entries of a full leaf and one
  /// more.
  @inlinable
  @inline(never)
  func split(_ leaf: Leaf, at place: Place, adding key: Key, _ value: Value) -> TrieBranch {
    let all = leaf.appending(hash: place.hash, key: key, value: value)
    defer { all.destroy() }
    return makeBranch(
      all, Array(0..<all.count), parent: place.branch, shift: place.shift &- TrieBranch.bits)
  }

  /// Makes a branch for some of the entries of a leaf.
  @inlinable
  func makeBranch(
    _ all: Leaf, _ members: [Int], parent: TrieBranch, shift: UInt64
  ) -> TrieBranch {
    let branch = TrieBranch.allocate(parent: parent)
    for index in 0..<TrieBranch.slotCount {
      let here = members.filter { TrieBranch.index(of: all.hashes[$0], shift: shift) == index }
      guard let first = here.first else { continue }
      let isLeaf =
        here.count <= Leaf.capacity || here.allSatisfy { all.hashes[$0] == all.hashes[first] }
      if isLeaf {
        let new = Leaf.allocate(count: here.count)
        for (index, member) in here.enumerated() {
          new.initialize(index, from: all, member)
          new.setTag(index, of: all.hashes[member])
        }
        branch.set(index, TrieSlot(new))
      } else {
        let child = makeBranch(all, here, parent: branch, shift: shift &- TrieBranch.bits)
        branch.set(index, TrieSlot(child))
      }
    }
    return branch
  }
}
