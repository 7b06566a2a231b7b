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

  /// Five philosophers around a table: each of them must be stopped with one fork in hand.
  @Test(arguments: [[3, 1, 5, 2, 4], [2, 3, 4, 5, 1], [5, 4, 3, 2, 1]])
  func `threads come in their order where that is enough`(_ order: [Int]) {
    var shrinker = Shrinker<Never> { choices in
      func choice(_ thread: Int, _ step: Int) -> Choice? {
        choices.first { $0.thread == thread && $0.step == step }
      }
      var used = [choice(0, 1)].compactMap(\.self)
      var seated = [used.first?.next ?? 1]
      while seated.count < 5 {
        // Who goes on takes the second fork, eats, and leaves.
        guard let stop = choice(seated.last!, 2), (1...5).contains(stop.next),
          !seated.contains(stop.next)
        else { return nil }
        used.append(stop)
        seated.append(stop.next)
      }
      return used
    }
    let found =
      [Choice(thread: 0, step: 1, next: order[0])]
      + zip(order, order.dropFirst()).map { Choice(thread: $0, step: 2, next: $1) }
    let kept = shrinker.shrink(found)
    #expect(kept == (1...4).map { Choice(thread: $0, step: 2, next: $0 + 1) })
  }

  @Test func `threads that are stopped here and there are stopped at one step each`() {
    let found = [(2, 3, 1), (1, 2, 4), (4, 1, 3), (3, 2, 4), (4, 2, 3)]
    var shrinker = Shrinker<Never> { choices in
      let all = choices.elementsEqual(found) { ($0.thread, $0.step, $0.next) == $1 }
      return all || choices == (1...3).map { Choice(thread: $0, step: 2, next: $0 + 1) }
        ? choices : nil
    }
    let kept = shrinker.shrink(found.map { Choice(thread: $0, step: $1, next: $2) })
    #expect(kept.count == 3)
  }

  @Test func `a run may need less than it was told`() {
    var shrinker = Shrinker<Never> { choices in
      choices.contains { $0.step == 5 } ? choices.filter { $0.step == 5 } : nil
    }
    #expect(shrinker.shrink(Self.many).map(\.step) == [5])
  }
}
