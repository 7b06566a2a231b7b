/// Until the library's own hashing is here.
@usableFromInline
enum KeyHash {
  @inlinable @inline(__always)
  static func hash<Key: Hashable>(_ key: Key, seed: UInt64) -> UInt {
    if Key.self == Int.self {
      let word = UInt64(UInt(bitPattern: unsafeBitCast(key, to: Int.self)))
      let (high, low) = (word ^ seed).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
      return UInt(high ^ low)
    }
    return UInt(bitPattern: key._rawHashValue(seed: Int(bitPattern: UInt(seed))))
  }
}
