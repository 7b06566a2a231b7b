extension FailFastDictionary: ExpressibleByDictionaryLiteral {
  /// Makes a dictionary of the pairs of a literal. A key must not come twice.
  @inlinable
  public convenience init(dictionaryLiteral elements: (Key, Value)...) {
    self.init(uniqueKeysWithValues: elements)
  }
}

extension FailFastDictionary {
  /// Makes a dictionary of pairs. A key that comes twice stops the program.
  ///
  /// - Complexity: O(*n*) expected
  @inlinable
  public convenience init(uniqueKeysWithValues pairs: some Sequence<(Key, Value)>) {
    self.init(minimumCapacity: pairs.underestimatedCount)
    for (key, value) in pairs {
      precondition(updateValue(value, forKey: key) == nil, "a key comes twice: \(key)")
    }
  }

  /// Makes a dictionary of pairs. `combine` gets the earlier and the later value of the same key.
  ///
  /// - Complexity: O(*n*) expected
  @inlinable
  public convenience init(
    _ pairs: some Sequence<(Key, Value)>,
    uniquingKeysWith combine: (Value, Value) throws -> Value
  ) rethrows {
    self.init(minimumCapacity: pairs.underestimatedCount)
    try merge(pairs, uniquingKeysWith: combine)
  }

  /// Makes a dictionary of lists, each of the elements for which `key` gives its key.
  ///
  /// - Complexity: O(*n*) expected
  @inlinable
  public convenience init<S: Sequence>(
    grouping elements: S, by key: (S.Element) throws -> Key
  ) rethrows where Value == [S.Element] {
    self.init()
    for element in elements { self[try key(element), default: []].append(element) }
  }

  /// Makes a dictionary of the entries of a `Dictionary`.
  @inlinable
  public convenience init(_ dictionary: [Key: Value]) {
    self.init(minimumCapacity: dictionary.count)
    for (key, value) in dictionary { updateValue(value, forKey: key) }
  }

  /// Another dictionary with the same entries.
  ///
  /// - Complexity: O(`capacity`)
  @inlinable
  public func copy() -> FailFastDictionary {
    let result = FailFastDictionary(hashing: hasher.hashing)
    guard let seen = beginRead(.copy) else { return result }
    result.hasher = hasher
    if let array = currentArray { result.install(BucketArray(exponent: array.exponent)) }
    var iterator = makeIterator()
    while let (key, value) = iterator.step() {
      result.insert(Entry(key: key, value: value), hash(of: key))
      guard isUnchanged(since: seen) else { break }
    }
    endRead(seen, .copy)
    return result
  }

  /// Adds pairs. `combine` gets the present and the new value of a key that is there.
  ///
  /// - Complexity: O(*n*) expected
  @inlinable
  public func merge(
    _ pairs: some Sequence<(Key, Value)>,
    uniquingKeysWith combine: (Value, Value) throws -> Value
  ) rethrows {
    for (key, value) in pairs {
      if let present = lookUp(key) {
        updateValue(try combine(present, value), forKey: key)
      } else {
        updateValue(value, forKey: key)
      }
    }
  }

  /// Another dictionary with these entries and the pairs.
  ///
  /// - Complexity: O(`capacity` + *n*) expected
  @inlinable
  public func merging(
    _ pairs: some Sequence<(Key, Value)>,
    uniquingKeysWith combine: (Value, Value) throws -> Value
  ) rethrows -> FailFastDictionary {
    let result = copy()
    try result.merge(pairs, uniquingKeysWith: combine)
    return result
  }

  /// Another dictionary with the entries for which `isIncluded` returns true.
  ///
  /// - Complexity: O(`capacity`)
  @inlinable
  public func filter(_ isIncluded: (Element) throws -> Bool) rethrows -> FailFastDictionary {
    let result = FailFastDictionary()
    for element in self where try isIncluded(element) {
      result.updateValue(element.value, forKey: element.key)
    }
    return result
  }

  /// Another dictionary with the same keys, and the values that `transform` makes of these.
  ///
  /// - Complexity: O(`capacity`)
  @inlinable
  public func mapValues<T>(
    _ transform: (Value) throws -> T
  ) rethrows -> FailFastDictionary<Key, T> {
    let result = FailFastDictionary<Key, T>(minimumCapacity: count)
    for (key, value) in self { result.updateValue(try transform(value), forKey: key) }
    return result
  }

  /// Like `mapValues`, without the keys for which `transform` returns nil.
  ///
  /// - Complexity: O(`capacity`)
  @inlinable
  public func compactMapValues<T>(
    _ transform: (Value) throws -> T?
  ) rethrows -> FailFastDictionary<Key, T> {
    let result = FailFastDictionary<Key, T>()
    for (key, value) in self {
      if let value = try transform(value) { result.updateValue(value, forKey: key) }
    }
    return result
  }
}

extension FailFastDictionary: Equatable where Value: Equatable {
  /// Whether both have the same keys, with equal values.
  ///
  /// - Complexity: O(`capacity`) expected
  @inlinable
  public static func == (left: FailFastDictionary, right: FailFastDictionary) -> Bool {
    guard left !== right else { return true }
    guard left.count == right.count else { return false }
    for (key, value) in left where right.lookUp(key) != value { return false }
    return true
  }
}

extension FailFastDictionary: CustomStringConvertible, CustomDebugStringConvertible {
  public var description: String {
    text {
      String(describing: $0)
    } value: {
      String(describing: $0)
    }
  }

  public var debugDescription: String {
    text {
      String(reflecting: $0)
    } value: {
      String(reflecting: $0)
    }
  }

  private func text(key: (Key) -> String, value: (Value) -> String) -> String {
    let entries = map { "\(key($0.key)): \(value($0.value))" }
    return entries.isEmpty ? "[:]" : "[" + entries.joined(separator: ", ") + "]"
  }
}
