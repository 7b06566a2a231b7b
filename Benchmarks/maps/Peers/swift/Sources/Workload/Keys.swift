/// A key of the workload, by its index.
public protocol WorkloadKey: Hashable, Sendable {
  /// Whether making one is so cheap that queries are made on the fly.
  static var isComputed: Bool { get }
  static func make(_ index: UInt64) -> Self
}

extension UInt64: WorkloadKey {
  @inlinable public static var isComputed: Bool { true }
  @inlinable public static func make(_ index: UInt64) -> UInt64 { mix64(index) }
}

extension String: WorkloadKey {
  @inlinable public static var isComputed: Bool { false }
  public static func make(_ index: UInt64) -> String {
    let digits = String(mix64(index), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// A key that is an object of the program's own.
public final class Id: WorkloadKey {
  public let number: UInt64
  @inlinable public init(_ number: UInt64) { self.number = number }
  @inlinable public static var isComputed: Bool { false }
  @inlinable public static func make(_ index: UInt64) -> Self { Self(mix64(index)) }
  @inlinable public static func == (a: Id, b: Id) -> Bool { a.number == b.number }
  @inlinable public func hash(into hasher: inout Hasher) { hasher.combine(number) }
}

/// A value of the workload, made from a number.
public protocol WorkloadValue: Sendable {
  init(_ number: UInt64)
  var number: UInt64 { get }
}

extension UInt64: WorkloadValue {
  @inlinable public var number: UInt64 { self }
}

/// A value that is an object of the program's own.
public final class Box: WorkloadValue {
  public let number: UInt64
  @inlinable public init(_ number: UInt64) { self.number = number }
}

/// Query keys: computed, or stored apart from the map's.
@frozen
public struct Queries<Key: WorkloadKey>: Sendable {
  @usableFromInline let keys: [Key]

  @inlinable
  init(count: Int) { keys = Key.isComputed ? [] : (0..<UInt64(count)).map { Key.make($0) } }

  @inlinable
  subscript(index: UInt64) -> Key { Key.isComputed ? Key.make(index) : keys[Int(index)] }
}
