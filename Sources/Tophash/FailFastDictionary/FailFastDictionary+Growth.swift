import Synchronization

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
    if isChecked, _slowPath(KeyWatch.isOn) {
      isWatched = true
      hasWork = true
      markAsWatched()
    }
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
  func growIfIdle() {
    guard currentArray != nil else { return install(BucketArray(exponent: 0)) }
    guard old == nil else { return }
    startGrowing(doubling: storedCount >= capacity)
    work()
  }

  /// Makes the current array the old one. Moves nothing yet.
  @inlinable
  func startGrowing(doubling: Bool) {
    let array = currentArray.unsafelyUnwrapped
    oldArray = array
    old = array.view
    evacuatedCount = 0
    nextRelease = array.release(below: 0)
    hasWork = true
    setGrowing(true)
    if doubling { doublingCount += 1 } else { sameSizeGrowthCount += 1 }
    TimelineMarks.step("\(name): grows from \(1 << array.exponent) buckets")
    install(BucketArray(exponent: array.exponent + (doubling ? 1 : 0)))
  }

  /// What every change does while the dictionary grows: it evacuates the next
  /// two old buckets. After that, it frees a block of the old array's overflow buckets.
  ///
  /// Go evacuates the bucket that the change is for, and one in order. In order
  /// only, the processor sees what comes next, and a change touches one place
  /// instead of three; in return, changes work on old buckets, too.
  @inlinable @inline(never)
  func work() {
    if let array = drainedArray, !array.releaseBlock() { drainedArray = nil }
    // A misuse may have overwritten it; then look-ups would not see the old array.
    if old != nil, access.load(ordering: .relaxed) & AccessWord.growing == 0 { setGrowing(true) }
    evacuateNext()
    evacuateNext()
    hasWork = old != nil || drainedArray != nil || isWatched
    if _slowPath(isWatched) {
      // What was moved just now may be changed next.
      KeyWatch.tell(self, .before)
      markAsWatched()
    }
  }

  /// Moves the entries of the next old bucket to the current array.
  @inlinable
  func evacuateNext() {
    guard let old else { return }
    let index = evacuatedCount
    let keepsKeys = !isKnownUniquelyReferenced(&oldArray)
    if _slowPath(keepsKeys) { oldArray.unsafelyUnwrapped.keepsKeys = true }
    // The bit of the hash that chooses the half; none when the size stays the same.
    let half: UInt = current.mask > old.mask ? UInt(bitPattern: old.mask) + 1 : 0

    var low = Evacuation(to: current[index], leaving: ControlByte.evacuatedLow, keepsKeys)
    var high = Evacuation(
      to: current[index + Int(bitPattern: half)], leaving: ControlByte.evacuatedHigh, keepsKeys)
    var next: Bucket<Key, Value>? = old[index]
    while let bucket = next {
      next = bucket.overflow
      // First choose, then move: no branch has to be guessed for each entry.
      let live = bucket.controls.used
      var rest = half == 0 ? CellSet(bits: 0) : live
      var goesHigh = CellSet(bits: 0)
      while !rest.isEmpty {
        let cell = rest.first
        goesHigh.insert(cell, if: hash(of: bucket.entries[cell].key) & half != 0)
        rest.removeFirst()
      }
      let controls = bucket.controls
      bucket.controls = .evacuatedEmpty
      low.move(live.subtracting(goesHigh), of: bucket, controls, self)
      high.move(goesHigh, of: bucket, controls, self)
    }
    low.finish()
    high.finish()
    evacuationCount += 1
    evacuatedCount = index + 1
    guard evacuatedCount <= old.mask else { return finishGrowth() }
    if evacuatedCount >= nextRelease {
      nextRelease = oldArray.unsafelyUnwrapped.release(below: evacuatedCount)
    }
  }

  @inlinable @inline(never)
  func finishGrowth() {
    let array = oldArray.unsafelyUnwrapped
    TimelineMarks.step("\(name): has grown from \(1 << array.exponent) buckets")
    old = nil
    evacuatedCount = 0
    oldArray = nil
    setGrowing(false)
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
    if _slowPath(isWatched) { prepareToMoveWatched() }
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
    while old != nil { evacuateNext() }
  }

  /// The number of entries that fit without growing.
  @inlinable
  public var capacity: Int { currentArray.map { Self.limit(ofExponent: $0.exponent) } ?? 0 }
}

/// Where entries of an old bucket go: a chain that is filled from its start.
@usableFromInline
struct Evacuation<Key: Hashable, Value> {
  @usableFromInline var target: Bucket<Key, Value>
  @usableFromInline var controls = ControlWord(bits: 0)
  @usableFromInline var used = 0
  /// What a cell reads whose key stays.
  @usableFromInline let mark: UInt8
  @usableFromInline let keepsKeys: Bool

  @inlinable @inline(__always)
  init(to target: Bucket<Key, Value>, leaving mark: UInt8, _ keepsKeys: Bool) {
    self.target = target
    self.mark = mark
    self.keepsKeys = keepsKeys
  }

  @inlinable @inline(__always)
  mutating func move(
    _ cells: CellSet, of bucket: Bucket<Key, Value>, _ oldControls: ControlWord,
    _ dictionary: FailFastDictionary<Key, Value>
  ) {
    var cells = cells
    while !cells.isEmpty {
      let cell = Cell(bucket: bucket, index: cells.first)
      cells.removeFirst()
      if used == 8 {
        finish()
        target = dictionary.appendOverflow(to: target)
        controls = ControlWord(bits: 0)
        used = 0
      }
      controls.bits |= UInt64(oldControls[cell.index]) &<< UInt64(truncatingIfNeeded: used &* 8)
      let entry = target.entries + used
      used &+= 1
      if _slowPath(keepsKeys) {
        copy(cell, to: entry)
      } else {
        entry.moveInitialize(from: cell.entry, count: 1)
      }
    }
  }

  /// Moves an entry and leaves its key to the iterators, or all of it when its
  /// key is not equal to itself.
  @inlinable @inline(never)
  func copy(_ cell: Cell<Key, Value>, to entry: UnsafeMutablePointer<Entry<Key, Value>>) {
    let key = cell.key.pointee
    entry.initialize(to: cell.entry.pointee)
    if key == key {
      cell.value.deinitialize(count: 1)
      cell.control = mark
    } else {
      cell.control = ControlByte.evacuatedCopy
    }
  }

  @inlinable @inline(__always)
  func finish() {
    if used > 0 { target.controls = controls }
  }
}
