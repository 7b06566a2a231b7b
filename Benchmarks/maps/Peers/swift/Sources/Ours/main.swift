// The maps of the library Tophash.

import Foundation
import Tophash
import Workload

final class ReadMostly<Key: WorkloadKey, Value: WorkloadValue>: TestedMap {
  private let entries = ReadMostlyDictionary<Key, Value>()
  init() {}
  func get(_ key: Key) -> Value? { entries[key] }
  func put(_ key: Key, _ value: Value) { entries.updateValue(value, forKey: key) }
  func remove(_ key: Key) { entries.removeValue(forKey: key) }
}

switch CommandLine.arguments.dropFirst().first {
case "read-mostly":
  run(ReadMostly<UInt64, UInt64>.self, ReadMostly<String, UInt64>.self, ReadMostly<Id, Box>.self)
case let map:
  FileHandle.standardError.write(Data("no such map: \(map ?? "none")\n".utf8))
  exit(64)
}
