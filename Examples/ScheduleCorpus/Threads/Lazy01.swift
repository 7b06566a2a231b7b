import Foundation

/// A thread that was started first counts on being first.
extension Program {
  static let lazy01 = threads("lazy01", "started first, taken to be first") { isFixed in
    let settings = Settings()
    let hasLooked = DispatchSemaphore(value: 0)
    onThreads([
      {
        check(settings.changes < 3, "the settings were changed before they were saved")
        for _ in 0..<2 { hasLooked.signal() }
      },
      {
        if isFixed { hasLooked.wait() }
        settings.change(by: 1)
      },
      {
        if isFixed { hasLooked.wait() }
        settings.change(by: 2)
      },
    ])
  }
}

private final class Settings: @unchecked Sendable {
  private let lock = NSLock()
  private var count = 0

  var changes: Int { lock.withLock { count } }
  func change(by number: Int) { lock.withLock { count += number } }
}
