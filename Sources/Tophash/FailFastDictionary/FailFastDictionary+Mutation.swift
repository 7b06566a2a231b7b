// MARK: The table

// None of this looks at the access word or changes it. It is for whoever has begun a change, and
// for `ShardedDictionary`, where a lock takes the word's place.

extension FailFastDictionary {
  /// Moves old buckets if there are any. Each change does so before it looks at the table.
  @inlinable @inline(__always)
  func moveOldBuckets() {
    if hasWork { work() }
  }

  /// Stores `value` for `key`, and returns the value that was there.
  @inlinable @inline(__always)
  func store(_ value: consuming Value, of key: Key, _ hash: UInt) -> Value? {
    if let cell = find(key, hash) {
      let previous = cell.value.move()
      cell.value.initialize(to: value)
      return previous
    }
    insert(Entry(key: key, value: value), hash)
    return nil
  }

  /// Takes the entry of `key` out.
  @inlinable @inline(__always)
  func take(_ key: Key, _ hash: UInt) -> Entry<Key, Value>? {
    guard let cell = find(key, hash) else { return nil }
    let entry = cell.entry.move()
    vacate(cell, hash)
    return entry
  }

  /// Ends a modification in place.
  ///
  /// - Parameters:
  ///   - value: What is to be stored; nil to remove the key.
  ///   - cell: The key's cell, whose value was moved out; nil when the key was not there.
  /// - Returns: The stored key, if it was removed: its `deinit` may look into this dictionary.
  @inlinable @inline(__always)
  func putBack(
    _ value: consuming Value?, of key: Key, _ hash: UInt, into cell: Cell<Key, Value>?
  ) -> Key? {
    guard let cell else {
      if let value { insert(Entry(key: key, value: value), hash) }
      return nil
    }
    if let value {
      cell.value.initialize(to: value)
      return nil
    }
    let removed = cell.key.move()
    vacate(cell, hash)
    return removed
  }

  /// Inserts an entry whose key is not there.
  @inlinable @discardableResult
  func insert(_ entry: consuming Entry<Key, Value>, _ hash: UInt) -> Cell<Key, Value> {
    if _slowPath(storedCount >= growthLimit) { growIfIdle() }
    let (empty, last) = bucketHolding(hash).firstEmpty()
    let cell = empty ?? Cell(bucket: appendOverflow(to: last, hash), index: 0)
    cell.entry.initialize(to: entry)
    cell.control = ControlByte.fingerprint(of: hash)
    storedCount &+= 1
    return cell
  }

  @inlinable @inline(never)
  func appendOverflow(to last: Bucket<Key, Value>, _ hash: UInt) -> Bucket<Key, Value> {
    if let old, old.index(of: hash) >= evacuatedCount {
      return oldArray.unsafelyUnwrapped.appendOverflow(to: last)
    }
    return appendOverflow(to: last)
  }

  @inlinable @inline(never)
  func appendOverflow(to last: Bucket<Key, Value>) -> Bucket<Key, Value> {
    let array = currentArray.unsafelyUnwrapped
    let bucket = array.appendOverflow(to: last)
    // As many overflow buckets as buckets: entries came and went, and the
    // chains are sparse. The next insertion shall pack them.
    if array.overflowCount >= array.bucketCount { growthLimit = 0 }
    return bucket
  }

  /// Empties a cell whose entry is gone.
  @inlinable
  func vacate(_ cell: Cell<Key, Value>, _ hash: UInt) {
    bucketHolding(hash).vacate(cell.index, of: cell.bucket)
    storedCount &-= 1
  }
}

// MARK: Changes

extension FailFastDictionary {
  /// Nobody can have learned anything about the new seed by timing the old one.
  @inlinable @inline(__always)
  func reseedIfEmpty() {
    if storedCount == 0 { reseed() }
  }

  /// Stores `value` for `key`, and returns the value that was there.
  ///
  /// - Complexity: O(1) expected; moves at most two old buckets
  @inlinable @discardableResult
  public func updateValue(_ value: consuming Value, forKey key: Key) -> Value? {
    guard let access = beginWrite(.update) else { return nil }
    moveOldBuckets()
    let previous = store(value, of: key, hash(of: key))
    endWrite(access)
    return previous
  }

  /// Removes `key`, and returns its value.
  ///
  /// The dictionary never becomes smaller by it, but while it grows, this moves
  /// old buckets like every change.
  ///
  /// - Complexity: O(1) expected; moves at most two old buckets
  @inlinable @discardableResult
  public func removeValue(forKey key: Key) -> Value? {
    guard let access = beginWrite(.remove) else { return nil }
    guard storedCount > 0 else {
      endWrite(access)
      return nil
    }
    moveOldBuckets()
    // Destroyed after the access has ended: the key may be an object whose
    // `deinit` looks into this dictionary.
    let entry = take(key, hash(of: key))
    reseedIfEmpty()
    endWrite(access)
    return entry?.value
  }

  /// Removes all entries. Iterations that are under way come to their end.
  ///
  /// - Complexity: O(`capacity`)
  @inlinable
  public func removeAll(keepingCapacity: Bool = false) {
    guard let access = beginWrite(.removeAll) else { return }
    defer { endWrite(access) }
    if _slowPath(isWatched) { prepareToMoveWatched() }
    // Empty for an iterator that holds it, before it is let go.
    oldArray?.clear()
    oldArray = nil
    old = nil
    evacuatedCount = 0
    drainedArray = nil
    hasWork = false
    setGrowing(false)
    storedCount = 0
    reseed()
    if keepingCapacity, isKnownUniquelyReferenced(&currentArray) {
      let array = currentArray.unsafelyUnwrapped
      array.reset()
      install(array)
    } else if let array = currentArray {
      array.clear()
      uninstall()
      if keepingCapacity { install(BucketArray(exponent: array.exponent)) }
    }
  }

  /// The value for `key`; stores what `makeValue` returns when there is none.
  ///
  /// `makeValue` may use this dictionary.
  ///
  /// - Complexity: O(1) expected; an insertion moves at most two old buckets
  @inlinable
  public func value<Failure: Error>(
    forKey key: Key, insertingIfAbsent makeValue: () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    if let value = lookUp(key) { return value }
    let value = try makeValue()
    updateValue(value, forKey: key)
    return value
  }
}
