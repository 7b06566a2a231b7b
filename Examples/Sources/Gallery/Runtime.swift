import Dispatch
import Foundation

/// What workers are made of: the three ways of doing two things at once in Swift.
enum Runtime: String, CaseIterable {
  case tasks, dispatch, threads

  /// Runs all workers at the same time, and returns when the last has ended.
  func run(_ workers: [Worker]) async {
    switch self {
    case .tasks: await Self.runAsTasks(workers)
    case .dispatch: await Self.runAsWorkItems(workers)
    case .threads: await Self.runAsThreads(workers)
    }
  }

  private static func runAsTasks(_ workers: [Worker]) async {
    await withTaskGroup(of: Void.self) { group in
      for worker in workers {
        group.addTask(name: worker.name) {
          for round in 0..<worker.rounds {
            try? await Task.sleep(for: worker.nextPause, tolerance: .zero)
            worker.body(round)
          }
        }
      }
    }
  }

  /// Every round is a work item of one concurrent queue, and submits the next.
  private static func runAsWorkItems(_ workers: [Worker]) async {
    let queue = DispatchQueue(label: "gallery.workers", attributes: .concurrent)
    let group = DispatchGroup()

    @Sendable func submit(_ worker: Worker, round: Int) {
      let delay = DispatchTimeInterval.nanoseconds(Int(worker.nextPause.seconds * 1e9))
      queue.asyncAfter(deadline: .now() + delay) {
        worker.body(round)
        if round + 1 < worker.rounds {
          submit(worker, round: round + 1)
        } else {
          group.leave()
        }
      }
    }

    for worker in workers {
      group.enter()
      submit(worker, round: 0)
    }
    await withCheckedContinuation { done in
      group.notify(queue: queue) { done.resume() }
    }
  }

  private static func runAsThreads(_ workers: [Worker]) async {
    await withTaskGroup(of: Void.self) { group in
      for worker in workers {
        group.addTask {
          await withCheckedContinuation { done in
            let thread = Thread {
              Thread.current.name = worker.name
              for round in 0..<worker.rounds {
                Thread.sleep(forTimeInterval: worker.nextPause.seconds)
                worker.body(round)
              }
              done.resume()
            }
            thread.start()
          }
        }
      }
    }
  }
}

extension Duration {
  fileprivate var seconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds) / 1e18
  }
}
