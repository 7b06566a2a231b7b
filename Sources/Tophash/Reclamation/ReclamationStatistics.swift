/// What became of the keys and values that were replaced or removed while readers may have looked.
public struct ReclamationStatistics: Sendable, Hashable {
  /// How often all readers were known to have moved on, plus one.
  public var epoch: Int

  /// How many keys and values were handed over for later release.
  public var retired: Int

  /// How many of them have been released.
  public var freed: Int

  /// Memory that those still kept alive take themselves, without what they refer to.
  public var pendingBytes = 0

  /// How many epochs the reader that has looked for longest is behind; 0 when there is none.
  public var oldestReader = 0

  @inlinable
  internal init(epoch: Int, retired: Int, freed: Int) {
    self.epoch = epoch
    self.retired = retired
    self.freed = freed
  }

  /// How many are still kept alive.
  public var pending: Int { retired - freed }
}
