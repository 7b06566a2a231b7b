// The maps of the library Tophash.

import Foundation
import Tophash
import Workload

final class Concurrent<Key: WorkloadKey, Value: WorkloadValue>: TestedMap {
  private let entries = ConcurrentDictionary<Key, Value>()
  init() {}
  func get(_ key: Key) -> Value? { entries[key] }
  func put(_ key: Key, _ value: Value) { entries.updateValue(value, forKey: key) }
  func remove(_ key: Key) { entries.removeValue(forKey: key) }
}

final class ReadMostly<Key: WorkloadKey, Value: WorkloadValue>: TestedMap {
  private let entries = ReadMostlyDictionary<Key, Value>()
  init() {}
  func get(_ key: Key) -> Value? { entries[key] }
  func put(_ key: Key, _ value: Value) { entries.updateValue(value, forKey: key) }
  func remove(_ key: Key) { entries.removeValue(forKey: key) }
}

final class Sharded<Key: WorkloadKey, Value: WorkloadValue>: TestedMap {
  private let entries = ShardedDictionary<Key, Value>()
  init() {}
  func get(_ key: Key) -> Value? { entries[key] }
  func put(_ key: Key, _ value: Value) { entries.updateValue(value, forKey: key) }
  func remove(_ key: Key) { entries.removeValue(forKey: key) }
}

final class Locked<Key: WorkloadKey, Value: WorkloadValue>: TestedMap {
  private let entries = LockedDictionary<Key, Value>()
  init() {}
  func get(_ key: Key) -> Value? { entries[key] }
  func put(_ key: Key, _ value: Value) { entries.updateValue(value, forKey: key) }
  func remove(_ key: Key) { entries.removeValue(forKey: key) }
}

/// For one thread.
final class FailFast<Key: WorkloadKey, Value: WorkloadValue>: TestedMap, @unchecked Sendable {
  private let entries = FailFastDictionary<Key, Value>()
  init() {}
  func get(_ key: Key) -> Value? { entries[key] }
  func put(_ key: Key, _ value: Value) { entries.updateValue(value, forKey: key) }
  func remove(_ key: Key) { entries.removeValue(forKey: key) }
}

switch CommandLine.arguments.dropFirst().first {
case "concurrent":
  run(Concurrent<UInt64, UInt64>.self, Concurrent<String, UInt64>.self, Concurrent<Id, Box>.self)
case "read-mostly":
  run(ReadMostly<UInt64, UInt64>.self, ReadMostly<String, UInt64>.self, ReadMostly<Id, Box>.self)
case "sharded":
  run(Sharded<UInt64, UInt64>.self, Sharded<String, UInt64>.self, Sharded<Id, Box>.self)
case "locked":
  run(Locked<UInt64, UInt64>.self, Locked<String, UInt64>.self, Locked<Id, Box>.self)
case "fail-fast":
  run(FailFast<UInt64, UInt64>.self, FailFast<String, UInt64>.self, FailFast<Id, Box>.self)
case let map:
  FileHandle.standardError.write(Data("no such map: \(map ?? "none")\n".utf8))
  exit(64)
}
