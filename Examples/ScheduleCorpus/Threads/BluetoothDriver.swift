import Foundation

/// A request asks whether the driver is being stopped, and then counts itself as pending. Between
/// the two the driver may have stopped (found in Windows by Qadeer and Wu, 2004).
extension Program {
  static let bluetoothDriver = threads("bluetooth_driver", "counted after asking") { isFixed in
    let driver = Driver()
    onThreads([
      {
        guard isFixed ? driver.begin() : driver.beginInTwoSteps() else { return }
        check(!driver.hasStopped, "a request was served by a driver that had stopped")
        driver.end()
      },
      { driver.stop() },
    ])
  }
}

private final class Driver: @unchecked Sendable {
  private let lock = NSLock()
  private var isStopping = false
  private var stopped = false
  /// Requests, and one for the driver itself.
  private var pending = 1
  private let isIdle = DispatchSemaphore(value: 0)

  var hasStopped: Bool { lock.withLock { stopped } }

  func begin() -> Bool {
    lock.withLock {
      if isStopping { return false }
      pending += 1
      return true
    }
  }

  func beginInTwoSteps() -> Bool {
    if lock.withLock({ isStopping }) { return false }
    lock.withLock { pending += 1 }
    return true
  }

  func end() {
    let isLast = lock.withLock {
      pending -= 1
      return pending == 0
    }
    if isLast { isIdle.signal() }
  }

  func stop() {
    lock.withLock { isStopping = true }
    end()
    isIdle.wait()
    lock.withLock { stopped = true }
  }
}
