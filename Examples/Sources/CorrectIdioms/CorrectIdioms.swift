import Foundation

/// Correct programs of many kinds. Each has misled a detector that knew too little about it.
@main
struct CorrectIdioms {
  static let idioms =
    locks + locksInProperties + queues + atomics + concurrency + values + storage
    + threads + handOver

  /// Runs the idioms named on the command line; `all` runs each, `list` prints the names.
  static func main() async {
    let names = Array(CommandLine.arguments.dropFirst())
    let chosen = names == ["all"] ? idioms : idioms.filter { names.contains($0.name) }
    guard !chosen.isEmpty else {
      for idiom in idioms { print(idiom.name) }
      exit(names == ["list"] ? 0 : 64)
    }
    for idiom in chosen {
      await idiom.body()
      print("\(idiom.name): done")
    }
  }
}

/// A way of sharing data that is in order.
struct Idiom: Sendable {
  let name: String
  let body: @Sendable () async -> Void

  init(_ name: String, body: @escaping @Sendable () async -> Void) {
    self.name = name
    self.body = body
  }
}
