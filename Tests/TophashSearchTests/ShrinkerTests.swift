import Testing
import TophashSearch

@Suite struct ShrinkerTests {
  private static let many = (0..<40).map { Choice(thread: 0, step: $0, next: 1) }

  @Test(arguments: [[], [7], [3, 31], [0, 20, 39]])
  func `what is needed stays, and nothing else`(_ needed: [Int]) {
    var shrinker = Shrinker<Never> { choices in
      Set(choices.map(\.step)).isSuperset(of: needed) ? choices : nil
    }
    let kept = shrinker.shrink(Self.many)
    #expect(kept.map(\.step) == needed)
    #expect(shrinker.trials < 200)
  }

  @Test func `what cannot be shrunk stays whole`() {
    var shrinker = Shrinker<Never> { $0.count == Self.many.count ? $0 : nil }
    #expect(shrinker.shrink(Self.many) == Self.many)
  }

  /// Five threads that must all be stopped at their second step, in whatever order they come.
  @Test func `threads follow each other in their order where that is enough`() {
    var shrinker = Shrinker<Never> { choices in
      // Who comes out of order takes another switch to be let in.
      let stopped = Set(choices.filter { $0.step == 2 }.map(\.thread))
      let outOfOrder = choices.filter { $0.step == 2 && $0.next != $0.thread + 1 }
      let letIn = Set(choices.filter { $0.step == 1 }.map(\.next))
      return stopped == [1, 2, 3, 4, 5] && outOfOrder.allSatisfy { letIn.contains($0.next) }
        ? choices : nil
    }
    let found = [3, 5, 2, 4, 1].map { Choice(thread: 0, step: 1, next: $0) }
      + [(3, 5), (5, 2), (2, 4), (4, 1), (1, 3)].map { Choice(thread: $0, step: 2, next: $1) }
    let kept = shrinker.shrink(found)
    #expect(kept.map(\.thread).sorted() == [1, 2, 3, 4, 5])
    #expect(kept.allSatisfy { $0.next == $0.thread + 1 })
  }

  @Test func `a run may need less than it was told`() {
    var shrinker = Shrinker<Never> { choices in
      choices.contains { $0.step == 5 } ? choices.filter { $0.step == 5 } : nil
    }
    #expect(shrinker.shrink(Self.many).map(\.step) == [5])
  }
}
