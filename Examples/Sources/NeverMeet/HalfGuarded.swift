import Foundation
import Synchronization

// There is a lock, and one side does not take it, or takes another.

/// Seats by passenger.
final class Cabin: @unchecked Sendable {
  private var seats: [String: String] = [:]
  private let lock = NSLock()

  // Kept whole: the optimiser would merge the closures of both twins into one without lines.
  @inline(never)
  func assign(_ seat: String, to passenger: String) {
    lock.withLock { seats[passenger] = seat }  // race: assign
  }

  func seat(of passenger: String) -> String? {
    seats[passenger]  // race: look up
  }

  func seatGuarded(of passenger: String) -> String? {
    lock.withLock { seats[passenger] }
  }
}

/// Racy: changes are guarded, and whoever only looks believes to need no lock.
let unlockedRead = Meeting("unlocked-read") {
  let cabin = Cabin()
  await inThreads {
    cabin.assign("12A", to: "Grace")
  } _: {
    Thread.sleep(forTimeInterval: 0.05)
    precondition(cabin.seat(of: "Grace") == "12A")
  }
} fixed: {
  let cabin = Cabin()
  await inThreads {
    cabin.assign("12A", to: "Grace")
  } _: {
    Thread.sleep(forTimeInterval: 0.05)
    while cabin.seatGuarded(of: "Grace") == nil { Thread.sleep(forTimeInterval: 0.05) }
  }
}

/// Stamps by country, with a mutex that guards nothing but its own number.
final class Album: @unchecked Sendable {
  private var stamps: [String: [Int]] = [:]
  let changes = Mutex(0)
  let guarding = Mutex(())

  @inline(never)
  func add(_ stamp: Int, from country: String) {
    stamps[country, default: []].append(stamp)  // race: add
  }

  func count(from country: String) -> Int {
    stamps[country]?.count ?? 0  // race: count
  }
}

/// Racy: one side takes a mutex, the other does not.
let mutexOnOneSide = Meeting("mutex-on-one-side") {
  let album = Album()
  await inThreads {
    album.guarding.withLock { _ in album.add(1, from: "Chile") }
  } _: {
    Thread.sleep(forTimeInterval: 0.05)
    precondition(album.count(from: "Chile") == 1)
  }
} fixed: {
  let album = Album()
  await inThreads {
    album.guarding.withLock { _ in album.add(1, from: "Chile") }
  } _: {
    Thread.sleep(forTimeInterval: 0.05)
    while album.guarding.withLock({ _ in album.count(from: "Chile") }) == 0 {
      Thread.sleep(forTimeInterval: 0.05)
    }
  }
}

/// Tickets by row; operations sell them.
final class Rows: @unchecked Sendable {
  private var sold: [Character: Int] = [:]

  func sell(_ row: Character) {
    sold[row, default: 0] += 1  // race: sell
  }

  func giveBack(_ row: Character) {
    sold[row, default: 0] -= 1  // race: give back
  }
}

/// Racy: two operations at once, and no dependency between them. (Were one over before the other
/// began, the queue would have ordered them.)
let operations = Meeting("operations") {
  let rows = Rows()
  let hasBegun = DispatchSemaphore(value: 0)
  let queue = OperationQueue()
  queue.maxConcurrentOperationCount = 2
  queue.addOperation {
    rows.sell("A")
    hasBegun.wait()
  }
  queue.addOperation {
    hasBegun.signal()
    Thread.sleep(forTimeInterval: 0.05)
    rows.giveBack("A")
  }
  await withCheckedContinuation { done in
    queue.addBarrierBlock { done.resume() }
  }
} fixed: {
  let rows = Rows()
  let queue = OperationQueue()
  queue.maxConcurrentOperationCount = 2
  let first = BlockOperation { rows.sell("A") }
  let second = BlockOperation { rows.giveBack("A") }
  second.addDependency(first)
  queue.addOperation(first)
  queue.addOperation(second)
  await withCheckedContinuation { done in
    queue.addBarrierBlock { done.resume() }
  }
}
