import Foundation

/// Runs `body` on `workers` threads at once, again and again for a fifth of a second.
///
/// There are more threads than a small machine has processors, so that some are always stopped in
/// the middle of what they do.
func inParallel(workers: Int = 4, body: @escaping @Sendable (_ worker: Int) -> Void) async {
  let deadline = ContinuousClock.now + .milliseconds(200)
  await withTaskGroup(of: Void.self) { group in
    for worker in 0..<workers {
      group.addTask {
        await withCheckedContinuation { done in
          Thread {
            while ContinuousClock.now < deadline {
              for _ in 0..<20 { body(worker) }
            }
            done.resume()
          }.start()
        }
      }
    }
  }
}

/// Runs `body` in `workers` tasks at once, again and again for a fifth of a second.
func inTasks(workers: Int = 4, body: @escaping @Sendable (_ worker: Int) async -> Void) async {
  let deadline = ContinuousClock.now + .milliseconds(200)
  await withTaskGroup(of: Void.self) { group in
    for worker in 0..<workers {
      group.addTask {
        while ContinuousClock.now < deadline {
          for _ in 0..<20 { await body(worker) }
        }
      }
    }
  }
}
