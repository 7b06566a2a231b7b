// Three threads use one map, and no order explains what they were told: then this traps.
//
//   tophash explore -- MapExplorer concurrent [SEED]
//
// To be explored: run by itself, it nearly always ends well.

import Foundation
import Synchronization

let arguments = CommandLine.arguments.dropFirst()
guard let make = Subject.all[arguments.first ?? ""] else {
  print("MapExplorer \(Subject.all.keys.sorted().joined(separator: "|")) [SEED]")
  exit(64)
}
let subject = make()
let seed = arguments.dropFirst().first.flatMap { UInt64($0) } ?? 1

/// Three operations for each of three threads, on two keys.
func operations(_ seed: UInt64) -> [[Operation]] {
  var state = seed
  func draw(_ limit: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(state >> 33) % limit
  }
  return (0..<3).map { thread in
    (0..<3).map { number in
      let key = draw(2)
      let value = thread * 10 + number + 1
      return switch draw(4) {
      case 0: .get(key)
      case 1: .set(key, to: value)
      case 2: .remove(key)
      default: .add(key, value)
      }
    }
  }
}

let clock = Atomic(0)
let history = Mutex<[Answer]>([])
let done = DispatchSemaphore(value: 0)
for script in operations(seed) {
  Thread.detachNewThread {
    for operation in script {
      let called = clock.add(1, ordering: .sequentiallyConsistent).newValue
      let result = subject.perform(operation)
      let answered = clock.add(1, ordering: .sequentiallyConsistent).newValue
      history.withLock {
        $0.append(
          Answer(operation: operation, result: result, called: called, answered: answered))
      }
    }
    done.signal()
  }
}
for _ in 0..<3 { done.wait() }
let answers = history.withLock { $0 }
if !isLinearizable(answers) {
  for answer in answers.sorted(by: { $0.called < $1.called }) {
    print(answer.called, answer.answered, answer.operation, answer.result as Any)
  }
  fatalError("no order explains the answers")
}
