/// Two producers feed one stream, and the one that was started last ends it when it has done its
/// part.
extension Program {
  static let finishedStream = tasks("finished_stream", "one of two producers ends the stream") {
    isFixed in
    let (stream, input) = AsyncStream.makeStream(of: Int.self)
    let producers = (0..<2).map { producer in
      Task {
        for number in 1...2 { input.yield(producer * 2 + number) }
        if !isFixed, producer == 1 { input.finish() }
      }
    }
    if isFixed {
      for producer in producers { await producer.value }
      input.finish()
    }
    var sum = 0
    for await number in stream { sum += number }
    check(sum == 1 + 2 + 3 + 4, "a number came after the end")
  }
}
