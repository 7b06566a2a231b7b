import CTophashCore
import CTophashProtocol

@testable import TophashTrace

/// The memory of a wait file, filled by the probe's own functions.
final class WaitMemory: @unchecked Sendable {
  // Not changed after it was made; what it points at is changed by atomic operations alone.
  let waits: tophash_waits
  private let memory: UnsafeMutableRawPointer
  private static let size =
    Int(TOPHASH_WAIT_HEADER_BYTES) + Int(TOPHASH_WAITS) * MemoryLayout<tophash_wait>.stride
    + Int(TOPHASH_WAITING) * MemoryLayout<tophash_waiting>.stride

  init() {
    memory = .allocate(byteCount: Self.size, alignment: 4096)
    memory.initializeMemory(as: UInt8.self, repeating: 0, count: Self.size)
    waits = tophash_waits_make(memory)
    waits.header.pointee.magic = TOPHASH_WAIT_MAGIC
  }

  deinit { memory.deallocate() }

  var bytes: [UInt8] { Array(UnsafeRawBufferPointer(start: memory, count: Self.size)) }

  func place(_ kind: WaitKind, _ frames: [UInt64], salt: UInt64 = 0) -> (UInt32, isNew: Bool) {
    var isNew = false
    let place = withUnsafePointer(to: waits) {
      tophash_waits_place($0, kind.rawValue, frames, UInt32(frames.count), salt, &isNew)
    }
    return (place, isNew)
  }

  func complete(_ place: UInt32) {
    withUnsafePointer(to: waits) { tophash_waits_complete($0, place) }
  }

  func add(_ place: UInt32, _ time: UInt64) {
    withUnsafePointer(to: waits) { tophash_waits_add($0, place, time) }
  }

  func begin(_ who: UInt64, _ place: UInt32, at time: UInt64) -> UInt32 {
    withUnsafePointer(to: waits) { tophash_waits_begin($0, who, place, time) }
  }

  func take(_ who: UInt64) -> tophash_waiting {
    withUnsafePointer(to: waits) { tophash_waits_take($0, who) }
  }

  func forget(_ slot: UInt32) {
    withUnsafePointer(to: waits) { tophash_waits_forget($0, slot) }
  }
}

let noWait = UInt32.max
