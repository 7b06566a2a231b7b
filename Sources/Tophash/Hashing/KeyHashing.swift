/// How a dictionary turns a key into bits.
public enum KeyHashing: Sendable, Hashable {
  /// One multiplication for an integer, one per 16 bytes for an ASCII string; for other keys, their
  /// own `hash(into:)`, without the rounds that `Hasher` ends with.
  ///
  /// Every dictionary draws its own seed. That defeats collisions by chance and collisions that
  /// were prepared elsewhere; it does not withstand somebody who can measure this process.
  case fast

  /// The standard library's keyed `Hasher` for all keys. For keys that an attacker may choose.
  case keyed
}
