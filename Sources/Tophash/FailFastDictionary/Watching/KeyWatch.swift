/// Tells `tophash watch` where the entry of a key is.
///
/// A watchpoint needs an address, and an entry moves when the table grows. So while keys are
/// watched, a dictionary that changes says where they are. The probe's functions are looked up by
/// name, when a table is made; no operation on an entry has a branch for it. If they are there, and
/// keys are watched, the dictionary has work to do with each change (`hasWork`), and that work marks
/// the change (`AccessWord.watched`), so that its end takes the long way.
@usableFromInline
internal enum KeyWatch {
  /// When something is told. The raw values are the probe's.
  @usableFromInline
  enum Moment: UInt32 {
    case before, after
    /// Memory of entries may go before the change ends.
    case moving
    case gone
    case noKey
  }

  private typealias HasKeys = @convention(c) () -> Bool
  private typealias KeyText = @convention(c) (UInt, UInt32) -> UnsafePointer<CChar>?
  private typealias TellEntry =
    @convention(c) (
      UInt, UInt32, UInt, UInt, UInt, UInt32, UInt
    ) -> Void

  private struct Probe: Sendable {
    var key: KeyText
    var tell: TellEntry
  }

  private static let probe: Probe? = {
    guard let hasKeys = ProbeFunction.named("tophash_watch_has_keys", as: HasKeys.self), hasKeys(),
      let key = ProbeFunction.named("tophash_watch_key", as: KeyText.self),
      let tell = ProbeFunction.named("tophash_watch_entry", as: TellEntry.self)
    else { return nil }
    return Probe(key: key, tell: tell)
  }()

  /// Whether keys are watched in this process.
  @usableFromInline static var isOn: Bool { probe != nil }

  /// How many keys can be watched: a processor has that many registers.
  private static let limit: UInt32 = 4

  /// Tells where the watched keys of `dictionary` are. Within a change, or when nobody else can
  /// have the dictionary any more.
  @usableFromInline @inline(never)
  static func tell<Key, Value>(_ dictionary: FailFastDictionary<Key, Value>, _ moment: Moment) {
    guard let probe else { return }
    let identity = UInt(bitPattern: Unmanaged.passUnretained(dictionary).toOpaque())
    // Functions without a frame pointer would all look alike.
    let place =
      dictionary.site.load(ordering: .relaxed) &* 31 ^ dictionary.caller.load(ordering: .relaxed)
    for index in 0..<limit {
      guard let text = probe.key(identity, index) else { continue }
      guard let key = key(String(cString: text), Key.self) else {
        probe.tell(identity, index, 0, 0, 0, Moment.noKey.rawValue, place)
        continue
      }
      let entry = moment == .gone ? (value: 0, control: 0) : dictionary.entry(of: key)
      let size = UInt(MemoryLayout<Value>.size)
      probe.tell(identity, index, entry.value, size, entry.control, moment.rawValue, place)
    }
  }

  /// The key that a text says; nil when its type says none.
  private static func key<Key>(_ text: String, _ type: Key.Type) -> Key? {
    if let type = type as? any LosslessStringConvertible.Type { return type.init(text) as? Key }
    if let type = type as? any RawRepresentable.Type { return rawKey(text, type) as? Key }
    return nil
  }

  private static func rawKey<Raw: RawRepresentable>(_ text: String, _ type: Raw.Type) -> Raw? {
    key(text, Raw.RawValue.self).flatMap { Raw(rawValue: $0) }
  }
}

extension FailFastDictionary {
  /// Where the value of `key` is, 0 when there is none, and the control bytes of the bucket that
  /// holds the key or would; 0 while there is no table.
  fileprivate func entry(of key: Key) -> (value: UInt, control: UInt) {
    guard currentArray != nil else { return (0, 0) }
    let hash = hash(of: key)
    let cell = find(key, hash)
    let head = cell?.bucket.head ?? bucketHolding(hash).head
    return (cell.map { UInt(bitPattern: $0.value) } ?? 0, UInt(bitPattern: head))
  }

  /// Has this change end the long way, on which it is told where watched keys are.
  @usableFromInline
  func markAsWatched() {
    // In one step, as somebody may mark the word as contested.
    _ = access.bitwiseOr(AccessWord.watched, ordering: .relaxed)
  }

  /// Before entries lose their place other than one by one.
  @usableFromInline @inline(never)
  func prepareToMoveWatched() {
    KeyWatch.tell(self, .moving)
    markAsWatched()
  }
}
