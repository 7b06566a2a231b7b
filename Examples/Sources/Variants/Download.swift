import Gallery
import Synchronization

/// A transfer that can be paused. Racy: a state flag without atomics or lock. Release builds make
/// accesses of so small a property invisible.
final class Download: @unchecked Sendable {
  private var isPaused = false

  func toggle() {
    isPaused.toggle()  // race: toggle
  }

  func canContinue() -> Bool {
    !isPaused  // race: ask
  }
}

/// Fixed: an atomic flag.
final class AtomicDownload: Sendable {
  private let isPaused = Atomic(false)

  func toggle() {
    isPaused.logicalXor(true, ordering: .acquiringAndReleasing)
  }

  func canContinue() -> Bool {
    !isPaused.load(ordering: .acquiring)
  }
}

let stateFlag = Scenario("state-flag") {
  let download = Download()
  return [
    Worker("user") { _ in download.toggle() },
    Worker("transfer") { _ in _ = download.canContinue() },
  ]
} fixed: {
  let download = AtomicDownload()
  return [
    Worker("user") { _ in download.toggle() },
    Worker("transfer") { _ in _ = download.canContinue() },
  ]
}
