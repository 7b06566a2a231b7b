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

  @Test func `a run may need less than it was told`() {
    var shrinker = Shrinker<Never> { choices in
      choices.contains { $0.step == 5 } ? choices.filter { $0.step == 5 } : nil
    }
    #expect(shrinker.shrink(Self.many).map(\.step) == [5])
  }
}
