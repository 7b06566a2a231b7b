extension FailFastDictionary {
  /// The number of entries that `2^exponent` buckets take: 6.5 for each, but
  /// one bucket is filled. Go's measurements chose 6.5: few overflow buckets,
  /// little unused memory.
  @inlinable
  static func limit(ofExponent exponent: Int) -> Int {
    exponent == 0 ? 8 : 13 * (1 << (exponent - 1))
  }

  /// The least exponent whose buckets take `count` entries.
  @inlinable
  static func exponent(for count: Int) -> Int {
    var exponent = 0
    while limit(ofExponent: exponent) < count { exponent += 1 }
    return exponent
  }

  @inlinable
  func install(_ array: BucketArray<Key, Value>) {
    currentArray = array
    current = array.view
    growthLimit = Self.limit(ofExponent: array.exponent)
  }

  @inlinable
  func uninstall() {
    currentArray = nil
    current = BucketView(heads: EmptyBucket.head, entries: Self.noEntries, mask: 0)
    growthLimit = 0
  }

  /// Before an insertion that the array is too small for: starts to grow,
  /// unless the dictionary grows already.
  @inlinable @inline(never)
  func growIfIdle(for hash: UInt) {
    guard currentArray != nil else { return install(BucketArray(exponent: 0)) }
    guard old == nil else { return }
    startGrowing(doubling: storedCount >= capacity)
    work(for: hash)
  }

  /// Makes the current array the old one. Moves nothing yet.
  @inlinable
  func startGrowing(doubling: Bool) {
    let array = currentArray.unsafelyUnwrapped
    oldArray = array
    old = array.view
    evacuatedCount = 0
    hasWork = true
    if doubling { doublingCount += 1 } else { sameSizeGrowthCount += 1 }
    install(BucketArray(exponent: array.exponent + (doubling ? 1 : 0)))
  }

  /// What every change does while the dictionary grows: it evacuates the old
  /// bucket of its own hash, and the next one in order. After that, it frees a
  /// block of the old array's overflow buckets.
  @inlinable @inline(never)
  func work(for hash: UInt) {
    if let array = drainedArray, !array.releaseBlock() { drainedArray = nil }
    if let old {
      evacuate(old.index(of: hash))
      if self.old != nil { evacuate(evacuatedCount) }
    }
    hasWork = old != nil || drainedArray != nil
  }

  /// Moves the entries of an old bucket to the current array.
  @inlinable
  func evacuate(_ index: Int) {
    guard let old, !isEvacuated(index, of: old) else { return }
    let keepsKeys = !isKnownUniquelyReferenced(&oldArray)
    let array = oldArray.unsafelyUnwrapped
    if keepsKeys { array.keepsKeys = true }
    let half: UInt = current.mask > old.mask ? UInt(bitPattern: old.mask) + 1 : 0

    var low = Evacuation(current[index])
    var high = Evacuation(current[index + Int(bitPattern: half)])
    var next: Bucket<Key, Value>? = old[index]
    while let bucket = next {
      next = bucket.overflow
      let controls = bucket.controls
      var remains = ControlWord.evacuatedEmpty
      for index in 0..<8 where controls[index] >= ControlByte.firstFingerprint {
        let cell = Cell(bucket: bucket, index: index)
        let entry = cell.entry
        // A bucket of the same size takes all; otherwise one bit of the hash chooses.
        let goesHigh = half != 0 && hash(of: entry.pointee.key) & half != 0
        let target =
          goesHigh
          ? high.nextCell(for: controls[index], in: currentArray.unsafelyUnwrapped)
          : low.nextCell(for: controls[index], in: currentArray.unsafelyUnwrapped)
        if _slowPath(keepsKeys) {
          let copy = Entry(key: entry.pointee.key, value: entry.pointee.value)
          target.initialize(to: copy)
          if copy.key == copy.key {
            cell.value.deinitialize(count: 1)
            remains[index] = goesHigh ? ControlByte.evacuatedHigh : ControlByte.evacuatedLow
          } else {
            remains[index] = ControlByte.evacuatedCopy
          }
        } else {
          target.moveInitialize(from: entry, count: 1)
        }
      }
      bucket.controls = remains
    }
    low.finish()
    high.finish()
    evacuationCount += 1
    if index == evacuatedCount { advance(array, old) }
  }

  /// Steps over the buckets that are evacuated already, in bounded time.
  @inlinable
  func advance(_ array: BucketArray<Key, Value>, _ old: BucketView<Key, Value>) {
    let stop = Swift.min(evacuatedCount + 1024, old.mask + 1)
    evacuatedCount += 1
    while evacuatedCount < stop, old[evacuatedCount].controls.isEvacuated { evacuatedCount += 1 }
    array.evacuatedCount = evacuatedCount
    guard evacuatedCount > old.mask else { return array.releaseEvacuated() }
    self.old = nil
    evacuatedCount = 0
    oldArray = nil
    // An iterator may look at it; then it goes with the iterator.
    if !array.keepsKeys {
      array.releaseAll()
      drainedArray = array
    }
  }

  /// Makes room for `minimumCapacity` entries.
  ///
  /// - Complexity: O(`count`): this is the one operation that moves all entries at once
  @inlinable
  public func reserveCapacity(_ minimumCapacity: Int) {
    guard let access = beginWrite(.reserveCapacity) else { return }
    let exponent = Self.exponent(for: minimumCapacity)
    if currentArray == nil, minimumCapacity > 0 {
      install(BucketArray(exponent: exponent))
    } else {
      while let array = currentArray, array.exponent < exponent {
        finishGrowing()
        startGrowing(doubling: true)
      }
      finishGrowing()
    }
    endWrite(access)
  }

  @inlinable
  func finishGrowing() {
    while old != nil { evacuate(evacuatedCount) }
  }

  /// The number of entries that fit without growing.
  @inlinable
  public var capacity: Int { currentArray.map { Self.limit(ofExponent: $0.exponent) } ?? 0 }
}

/// Where the entries of an old bucket go: a chain that is filled from its start.
@usableFromInline
struct Evacuation<Key, Value> {
  @usableFromInline var bucket: Bucket<Key, Value>
  @usableFromInline var controls = ControlWord(bits: 0)
  @usableFromInline var used = 0

  @inlinable @inline(__always)
  init(_ bucket: Bucket<Key, Value>) { self.bucket = bucket }

  @inlinable @inline(__always)
  mutating func nextCell(
    for control: UInt8, in array: BucketArray<Key, Value>
  ) -> UnsafeMutablePointer<Entry<Key, Value>> {
    if used == 8 {
      finish()
      bucket = array.appendOverflow(to: bucket)
      controls = ControlWord(bits: 0)
      used = 0
    }
    controls.bits |= UInt64(control) &<< UInt64(truncatingIfNeeded: used &* 8)
    used &+= 1
    return bucket.entries + (used &- 1)
  }

  @inlinable @inline(__always)
  func finish() {
    if used > 0 { bucket.controls = controls }
  }
}
