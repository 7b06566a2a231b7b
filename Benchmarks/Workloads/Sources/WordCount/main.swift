// Counts the words of a text and keeps the order in which they first came:
// an object with a dictionary and an array, as in any parser or indexer.

import Workload

final class Index {
  private(set) var counts: [Substring: Int] = [:]
  private(set) var order: [Substring] = []

  func add(_ text: String) {
    for word in text.split(separator: " ") {
      let count = counts[word, default: 0]
      if count == 0 { order.append(word) }
      counts[word] = count + 1
    }
  }
}

/// A text in which, as in real ones, few words are frequent and many are rare.
func makeText(words: Int) -> String {
  var random: UInt64 = 0x9E37_79B9_7F4A_7C15
  var text = ""
  for _ in 0..<words {
    random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    let rank = (random >> 33) % 4096
    text += "word\(rank * rank / 4096) "
  }
  return text
}

let text = makeText(words: 20_000)
let index = Index()
for _ in 0..<Workload.scaled(100) { index.add(text) }
let mostFrequent = index.order.max { index.counts[$0]! < index.counts[$1]! }!
Workload.finish(result: index.order.count + index.counts[mostFrequent]!)
