extension ShardedDictionary {
  /// The keys of one shard and their values, during a transaction.
  ///
  /// A key of another shard stops the program with a message. What is removed or replaced ends under
  /// the shard's lock: a `deinit` that comes back to the dictionary stops the program as well.
  public struct Shard: ~Copyable {
    @usableFromInline internal let table: Table
    @usableFromInline internal let dictionary: ShardedDictionary
    @usableFromInline internal let index: Int

    @inlinable
    internal init(_ table: Table, of dictionary: ShardedDictionary, _ index: Int) {
      self.table = table
      self.dictionary = dictionary
      self.index = index
    }

    @inlinable
    internal func hash(of key: Key) -> UInt {
      let hash = dictionary.hash(of: key)
      precondition(dictionary.shardIndex(of: hash) == index, "the key belongs to another shard")
      return hash
    }

    /// The value for `key`. Assigning `nil` removes the key.
    ///
    /// - Complexity: O(1) expected; an insertion moves at most two old buckets.
    @inlinable
    public subscript(key: Key) -> Value? {
      get { table.find(key, hash(of: key))?.entry.pointee.value }
      _modify {
        let hash = hash(of: key)
        table.moveOldBuckets()
        let cell = table.find(key, hash)
        // The cell's value is moved out while it is being modified, and then back.
        var value = cell?.value.move()
        defer { _ = table.putBack(value, of: key, hash, into: cell) }
        yield &value
      }
    }

    /// The value for `key`, or `defaultValue` when there is none. Modifying it inserts the default
    /// first.
    ///
    /// - Complexity: O(1) expected; an insertion moves at most two old buckets.
    @inlinable
    public subscript(key: Key, default defaultValue: @autoclosure () -> Value) -> Value {
      get { self[key] ?? defaultValue() }
      _modify {
        let hash = hash(of: key)
        table.moveOldBuckets()
        let cell =
          table.find(key, hash) ?? table.insert(Entry(key: key, value: defaultValue()), hash)
        yield &cell.value.pointee
      }
    }

    /// Sets the value for `key`.
    ///
    /// - Returns: The value that was replaced, or `nil` if the key is new.
    /// - Complexity: O(1) expected; an insertion moves at most two old buckets.
    @inlinable
    @discardableResult
    public mutating func updateValue(_ value: Value, forKey key: Key) -> Value? {
      table.moveOldBuckets()
      return table.store(value, of: key, hash(of: key))
    }

    /// Removes the value for `key`.
    ///
    /// - Returns: The value that was removed, or `nil` if there was none.
    /// - Complexity: O(1) expected.
    @inlinable
    @discardableResult
    public mutating func removeValue(forKey key: Key) -> Value? {
      table.moveOldBuckets()
      return table.take(key, hash(of: key))?.value
    }

    /// The number of entries.
    ///
    /// - Complexity: O(1).
    @inlinable
    public var count: Int { table.storedCount }

    /// Whether there are no entries.
    ///
    /// - Complexity: O(1).
    @inlinable
    public var isEmpty: Bool { count == 0 }

    /// Calls `body` with each entry, in no particular order.
    ///
    /// - Throws: What `body` throws; the rest is left out then.
    /// - Complexity: O(entries): they are copied first.
    @inlinable
    public func forEach(_ body: (Key, Value) throws -> Void) rethrows {
      for (key, value) in table.entries() { try body(key, value) }
    }
  }
}
