import Testing
import TophashExploration

@Suite struct ShrinkerTests {
  private static let many = (0..<40).map { Choice(thread: 0, step: $0, next: 1) }

  @Test(arguments: [[], [7], [3, 31], [0, 20, 39]])
  func `what is needed stays, and nothing else`(_ needed: [Int]) throws {
    var shrinker = Shrinker { choices in
      Set(choices.map(\.step)).isSuperset(of: needed) ? choices : nil
    }
    let kept = try shrinker.shrink(Self.many)
    #expect(kept.map(\.step) == needed)
    #expect(shrinker.trials < 200)
  }

  @Test func `what cannot be shrunk stays whole`() throws {
    var shrinker = Shrinker { $0.count == Self.many.count ? $0 : nil }
    #expect(try shrinker.shrink(Self.many) == Self.many)
  }

  @Test func `a run may need less than it was told`() throws {
    var shrinker = Shrinker { choices in
      choices.contains { $0.step == 5 } ? choices.filter { $0.step == 5 } : nil
    }
    #expect(try shrinker.shrink(Self.many).map(\.step) == [5])
  }
}
