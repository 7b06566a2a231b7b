/// Many tasks want an actor that takes its time.
actor OverloadedActor {
  private var entries: [Int: Int] = [:]
  private let truth: Truth

  init(_ truth: Truth) { self.truth = truth }

  static func run() async {
    let truth = Truth()
    let actor = OverloadedActor(truth)
    await withTaskGroup { group in
      for index in 0..<6 {
        group.addTask {
          for round in 0..<20 { await request(round, index, from: actor) }
        }
      }
    }
    truth.tell()
  }

  private static func request(_ round: Int, _ index: Int, from actor: OverloadedActor) async {
    await actor.store(round, for: index, since: Truth.now())
  }

  private func store(_ value: Int, for key: Int, since start: UInt64) {
    truth.add(since: start)
    entries[key] = value
    work(milliseconds: 2)
  }
}
