import Foundation
import Synchronization

/// Runs every misuse under every method, as often as asked.
package struct Experiment: Sendable {
  package var laboratory: Laboratory
  package var entries: [Catalogue.Entry]
  package var methods: [Method]
  package var runs: Int
  /// Trials at one time: they sleep most of the time.
  package var jobs: Int

  package init(
    laboratory: Laboratory, entries: [Catalogue.Entry], methods: [Method], runs: Int, jobs: Int
  ) {
    self.laboratory = laboratory
    self.entries = entries
    self.methods = methods
    self.runs = runs
    self.jobs = jobs
  }

  private struct Key: Hashable {
    var entry: Int
    var method: Method
  }

  /// What was measured so far.
  private struct Results {
    var cells: [Key: [Result]] = [:]
    var failure: (any Error)?
    var done = 0

    /// Whether a further run of it would tell nothing.
    func isSettled(_ key: Key) -> Bool {
      failure != nil || cells[key]?.contains { $0.verdict.isImpossible } == true
    }
  }

  private typealias Result = (verdict: Laboratory.Verdict, outcome: Trial.Outcome)

  /// - Parameter progress: called with what is done and how much there is.
  /// - Throws: the first failure to run a program at all.
  package func run(progress: @escaping @Sendable (Int, Int) -> Void) throws -> Matrix {
    let start = ContinuousClock.now
    var loads = [0.0, 0, 0]
    getloadavg(&loads, 3)
    let trials = entries.indices.flatMap { entry in
      methods.flatMap { method in
        let count = method.isStatic ? 1 : runs
        return (0..<count).map { (Key(entry: entry, method: method), $0) }
      }
    }.shuffled()  // A busy minute is everybody's.
    let results = Mutex(Results())
    let queue = OperationQueue()
    queue.maxConcurrentOperationCount = jobs
    for (key, number) in trials {
      queue.addOperation {
        do {
          let isSettled = results.withLock { $0.isSettled(key) }
          let result = isSettled ? nil : try one(key, number)
          let done = results.withLock { results in
            if let result { results.cells[key, default: []].append(result) }
            results.done += 1
            return results.done
          }
          progress(done, trials.count)
        } catch {
          results.withLock { $0.failure = $0.failure ?? error }
        }
      }
    }
    queue.waitUntilAllOperationsAreFinished()
    let measured = results.withLock { $0 }
    if let failure = measured.failure { throw failure }
    let rows = entries.indices.map { entry in
      Matrix.Row(
        name: entries[entry].name, misuse: entries[entry].misuse,
        cells: Dictionary(
          uniqueKeysWithValues: methods.compactMap { method in
            measured.cells[Key(entry: entry, method: method)].map {
              (method.rawValue, Matrix.Cell($0))
            }
          }))
    }
    var matrix = Matrix(runs: runs, methods: methods, rows: rows)
    matrix.minutes = Double((ContinuousClock.now - start).components.seconds) / 60
    matrix.load = loads[1]
    matrix.processors = ProcessInfo.processInfo.activeProcessorCount
    return matrix
  }

  private func one(_ key: Key, _ number: Int) throws -> Result? {
    let entry = entries[key.entry]
    guard let trial = laboratory.trial(key.method, entry, number: number) else { return nil }
    let outcome = try trial.run()
    return (laboratory.verdict(key.method, entry, outcome), outcome)
  }
}
