// Swift's own dictionary: bare, and behind the usual locks.

import Foundation
import Synchronization
import Workload

/// For one thread. A class, as dictionaries live in programs.
final class Bare<Key: WorkloadKey, Value: WorkloadValue>: TestedMap, @unchecked Sendable {
  private var entries: [Key: Value] = [:]
  init() {}
  func get(_ key: Key) -> Value? { entries[key] }
  func put(_ key: Key, _ value: Value) { entries[key] = value }
  func remove(_ key: Key) { entries[key] = nil }
}

final class BehindMutex<Key: WorkloadKey, Value: WorkloadValue>: TestedMap {
  private let entries = Mutex<[Key: Value]>([:])
  init() {}
  func get(_ key: Key) -> Value? { entries.withLock { $0[key] } }
  func put(_ key: Key, _ value: Value) { entries.withLock { $0[key] = value } }
  func remove(_ key: Key) { entries.withLock { $0[key] = nil } }
}

/// `@unchecked Sendable`: `entries` is guarded by `lock`.
final class BehindNSLock<Key: WorkloadKey, Value: WorkloadValue>: TestedMap, @unchecked Sendable {
  private var entries: [Key: Value] = [:]
  private let lock = NSLock()
  init() {}
  func get(_ key: Key) -> Value? { lock.withLock { entries[key] } }
  func put(_ key: Key, _ value: Value) { lock.withLock { entries[key] = value } }
  func remove(_ key: Key) { lock.withLock { entries[key] = nil } }
}

/// `@unchecked Sendable`: `entries` is guarded by `lock`.
final class BehindRWLock<Key: WorkloadKey, Value: WorkloadValue>: TestedMap, @unchecked Sendable {
  private var entries: [Key: Value] = [:]
  private let lock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)
  init() { pthread_rwlock_init(lock, nil) }
  func get(_ key: Key) -> Value? {
    pthread_rwlock_rdlock(lock)
    defer { pthread_rwlock_unlock(lock) }
    return entries[key]
  }
  func put(_ key: Key, _ value: Value) {
    pthread_rwlock_wrlock(lock)
    defer { pthread_rwlock_unlock(lock) }
    entries[key] = value
  }
  func remove(_ key: Key) {
    pthread_rwlock_wrlock(lock)
    defer { pthread_rwlock_unlock(lock) }
    entries[key] = nil
  }
}

switch CommandLine.arguments.dropFirst().first {
case "bare":
  run(Bare<UInt64, UInt64>.self, Bare<String, UInt64>.self, Bare<Id, Box>.self)
case "mutex":
  run(
    BehindMutex<UInt64, UInt64>.self, BehindMutex<String, UInt64>.self, BehindMutex<Id, Box>.self)
case "nslock":
  run(
    BehindNSLock<UInt64, UInt64>.self, BehindNSLock<String, UInt64>.self,
    BehindNSLock<Id, Box>.self)
case "rwlock":
  run(
    BehindRWLock<UInt64, UInt64>.self, BehindRWLock<String, UInt64>.self,
    BehindRWLock<Id, Box>.self)
case let map:
  FileHandle.standardError.write(Data("no such map: \(map ?? "none")\n".utf8))
  exit(64)
}
