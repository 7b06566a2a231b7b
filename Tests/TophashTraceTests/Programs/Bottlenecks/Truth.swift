import Foundation
import Synchronization

/// The time spent waiting, as the program itself measures it: from before a call that may wait to
/// the first thing that is done after it.
final class Truth: Sendable {
  private let total = Atomic<UInt64>(0)

  static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  func add(since start: UInt64) {
    total.add(Truth.now() - start, ordering: .relaxed)
  }

  func tell() { print("truth \(total.load(ordering: .relaxed))") }
}

/// Runs `body` on `count` threads, and waits for them.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let done = DispatchGroup()
  for index in 0..<count {
    done.enter()
    let thread = Thread {
      body(index)
      done.leave()
    }
    thread.start()
  }
  done.wait()
}

/// Something that takes its time.
func work(milliseconds: Double) {
  Thread.sleep(forTimeInterval: milliseconds / 1000)
}
