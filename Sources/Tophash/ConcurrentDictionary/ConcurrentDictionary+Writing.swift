extension ConcurrentDictionary {
  /// Sets the value for `key`.
  ///
  /// - Returns: The value that was replaced, or `nil` if the key is new.
  /// - Complexity: O(1) expected.
  @inlinable
  @discardableResult
  public func updateValue(_ value: Value, forKey key: Key) -> Value? {
    if _slowPath(RunningClosure.isAny) { RunningClosure.check(self) }
    let hash = HashParts(hasher.hash(key))
    let (slotWord, home, word) = lockHome(hash)
    // The common case of `Edit.replace(_:)`, in registers.
    let matches = home.tags.matches(hash.tag, in: SlotSet.homeLanes)
    if Bucket.replacesValuesAlone && !matches.isEmpty,
      _fastPath(KeyEquality.isEqual(at: home.key(matches.first), to: key))
    {
      let old = home.replaceValue(matches.first, by: value)
      home.bucketWord = word
      retire(value: old)
      return old
    }
    var edit = beginEdit(key, hash, slotWord, home, word)
    if edit.isPresent {
      let old = edit.replace(value)
      end(edit)
      retire(value: old)
      return old
    }
    insert(key, value, &edit)
    end(edit)
    counter.add(1)
    return nil
  }

  /// Sets the value for `key` or, if there is one already, what `combine` makes of both.
  ///
  /// ```swift
  /// words.updateValue(1, forKey: word, merging: +)
  /// ```
  ///
  /// - Parameter combine: Gets the present value and `value`. It runs once at most, while no other
  ///   task can change this key; it may read this dictionary and must not change it.
  /// - Returns: The value that is stored now.
  @inlinable
  @discardableResult
  public func updateValue(
    _ value: Value, forKey key: Key, merging combine: (Value, Value) throws -> Value
  ) rethrows -> Value {
    try withValue(forKey: key) { current in
      let merged = if let present = current { try combine(present, value) } else { value }
      current = merged
      return merged
    }
  }

  /// Removes the value for `key`.
  ///
  /// - Returns: The value that was removed, or `nil` if there was none.
  /// - Complexity: O(1) expected.
  @inlinable
  @discardableResult
  public func removeValue(forKey key: Key) -> Value? {
    var edit = beginEdit(key)
    guard edit.isPresent else {
      end(edit)
      return nil
    }
    let entry = edit.remove()
    end(edit)
    counter.add(-1)
    retire(key: entry.key)
    retire(value: entry.value)
    return entry.value
  }

  /// Removes the value for `key` if `condition` holds for it.
  ///
  /// - Parameter condition: Runs once at most, while no other task can change this key; it may read
  ///   this dictionary and must not change it.
  /// - Returns: The value that was removed, or `nil`.
  @inlinable
  @discardableResult
  public func removeValue(
    forKey key: Key, where condition: (Value) throws -> Bool
  ) rethrows -> Value? {
    try withValue(forKey: key) { current in
      guard let present = current, try condition(present) else { return nil }
      current = nil
      return present
    }
  }

  /// The value for `key`; if there is none, the one that `makeValue` makes is stored first.
  ///
  /// - Parameter makeValue: Runs once at most, and only if the key is absent. Other tasks that ask
  ///   for the key meanwhile wait and get its result. It may read this dictionary and must not
  ///   change it.
  @inlinable
  public func value(
    forKey key: Key, insertingIfAbsent makeValue: @autoclosure () throws -> Value
  ) rethrows -> Value {
    if let present = self[key] { return present }
    return try withValue(forKey: key) { current in
      if let present = current { return present }
      let made = try makeValue()
      current = made
      return made
    }
  }

  /// Reads, changes, adds or removes the value for `key` in one step.
  ///
  /// ```swift
  /// stock.withValue(forKey: "bolts") { count in
  ///   count = (count ?? 0) + 5      // nil: no such key; set it to nil to remove the key
  /// }
  /// ```
  ///
  /// - Parameter body: Runs once, while no other task can change this key; readers see the value
  ///   from before until it returns. If it throws, nothing is changed. It may read this dictionary
  ///   and must not change it.
  @inlinable
  public func withValue<Result>(
    forKey key: Key, _ body: (inout Value?) throws -> Result
  ) rethrows -> Result {
    var edit = beginEdit(key)
    var value: Value? = edit.isPresent ? edit.node.value(edit.slot).pointee : nil
    let result: Result
    do {
      result = try RunningClosure.run(for: self) { try body(&value) }
    } catch {
      end(edit)
      throw error
    }
    if edit.isPresent {
      if let value {
        let old = edit.replace(value)
        end(edit)
        retire(value: old)
      } else {
        let entry = edit.remove()
        end(edit)
        counter.add(-1)
        retire(key: entry.key)
        retire(value: entry.value)
      }
    } else if let value {
      insert(key, value, &edit)
      end(edit)
      counter.add(1)
    } else {
      end(edit)
    }
    return result
  }
}

extension ConcurrentDictionary where Value: Equatable {
  /// Sets the value for `key` to `desired` if it is `expected`. For both, `nil` means: no value.
  ///
  /// - Returns: Whether it was, and the value from before.
  /// - Complexity: O(1) expected.
  @inlinable
  @discardableResult
  public func compareExchange(
    forKey key: Key, expected: Value?, desired: Value?
  ) -> (exchanged: Bool, original: Value?) {
    withValue(forKey: key) { $0.compareExchange(expected: expected, desired: desired) }
  }
}
