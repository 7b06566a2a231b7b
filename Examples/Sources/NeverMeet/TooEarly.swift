import Foundation

// Somebody tells the others to go on, and only then does what they wait for.

/// A table of contents.
final class Contents: @unchecked Sendable {
  private var pages: [String: Int] = [:]

  func enter(_ title: String, page: Int) {
    pages[title] = page  // race: enter
  }

  func page(of title: String) -> Int? {
    pages[title]  // race: turn to
  }
}

/// Racy: the semaphore is signalled before the table is filled.
let earlySignal = Meeting("early-signal") {
  let contents = Contents()
  let ready = DispatchSemaphore(value: 0)
  await inThreads {
    ready.signal()
    contents.enter("Preface", page: 7)
  } _: {
    ready.wait()
    Thread.sleep(forTimeInterval: 0.1)
    precondition(contents.page(of: "Preface") == 7)
  }
} fixed: {
  let contents = Contents()
  let ready = DispatchSemaphore(value: 0)
  await inThreads {
    contents.enter("Preface", page: 7)
    ready.signal()
  } _: {
    ready.wait()
    precondition(contents.page(of: "Preface") == 7)
  }
}

/// What a photographer delivers.
final class Film: @unchecked Sendable {
  private var frames: [Int: [UInt8]] = [:]

  // Kept whole: the optimiser would merge the closures of both twins into one without lines.
  @inline(never)
  func expose(_ frame: Int) {
    frames[frame] = [UInt8](repeating: 1, count: 16)  // race: expose
  }

  func develop(_ frame: Int) -> Int {
    frames[frame]?.count ?? 0  // race: develop
  }
}

/// Racy: the continuation is resumed before the picture is taken.
let earlyResume = Meeting("early-resume") {
  let film = Film()
  await withCheckedContinuation { done in
    DispatchQueue.global().async {
      done.resume()
      film.expose(1)
    }
  }
  try? await Task.sleep(for: .milliseconds(100))
  precondition(film.develop(1) == 16)
} fixed: {
  let film = Film()
  await withCheckedContinuation { done in
    DispatchQueue.global().async {
      film.expose(1)
      done.resume()
    }
  }
  precondition(film.develop(1) == 16)
}

/// A parcel that is announced by a stream.
final class Parcel: @unchecked Sendable {
  private var items: [String: Int8] = [:]

  func pack(_ item: String) {
    items[item] = 1  // race: pack
  }

  func unpack(_ item: String) -> Int8? {
    items.removeValue(forKey: item)  // race: unpack
  }
}

/// Racy: the parcel is sent off, and then packed.
let earlyYield = Meeting("early-yield") {
  let (parcels, carrier) = AsyncStream.makeStream(of: Parcel.self)
  async let received: Void = Task.detached {
    var iterator = parcels.makeAsyncIterator()
    let parcel = await iterator.next()
    try? await Task.sleep(for: .milliseconds(100))
    precondition(parcel?.unpack("tea") == 1)
  }.value
  // The receiver waits by now. Else it would find the parcel in the stream's buffer later.
  try? await Task.sleep(for: .milliseconds(100))
  let parcel = Parcel()
  carrier.yield(parcel)
  parcel.pack("tea")
  await received
} fixed: {
  let (parcels, carrier) = AsyncStream.makeStream(of: Parcel.self)
  async let received: Void = Task.detached {
    for await parcel in parcels { precondition(parcel.unpack("tea") == 1) }
  }.value
  let parcel = Parcel()
  parcel.pack("tea")
  carrier.yield(parcel)
  carrier.finish()
  await received
}
