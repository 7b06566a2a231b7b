// Three threads use one map, and no order explains what they were told: then this traps.
//
//   tophash explore -- MapExplorer concurrent [SEED]
//
// To be explored: run by itself, it nearly always ends well.

import Foundation
import Synchronization
import TophashLinearizability

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

let clock = CountingClock()
let history = Mutex(History<Operation, Int?>())
let done = DispatchSemaphore(value: 0)
for (thread, script) in operations(seed).enumerated() {
  Thread.detachNewThread {
    for operation in script {
      let call = clock.next()
      let result = subject.perform(operation)
      let answer = History<Operation, Int?>.Answer(result: result, time: clock.next())
      history.withLock {
        $0.records.append(
          .init(task: thread + 1, operation: operation, call: call, answer: answer))
      }
    }
    done.signal()
  }
}
for _ in 0..<3 { done.wait() }
var checker = LinearizabilityChecker(MapModel())
if let violation = checker.violation(in: history.withLock { $0 }) {
  print(violation)
  fatalError("no order explains the answers")
}
