import Testing
import TophashSearch

@Suite struct ReductionTests {
  /// Twenty threads change something in two steps, and a last one looks: it fails when a thread has
  /// made the first step and none the second. The plain order of threads is that of their numbers.
  private static func run(_ choices: [Choice]) -> Reduction<Never>.Trial {
    var steps = [Int](repeating: 0, count: 21)
    var crossroads: [Crossroads] = []
    var current = 0
    var isSeen = false
    while let next = steps.indices.first(where: { steps[$0] < 2 }) {
      if steps[current] == 2 { current = next }
      let others = steps.indices.filter { steps[$0] < 2 && $0 != current }
      crossroads.append(Crossroads(thread: current, ownStep: steps[current], others: others))
      if let choice = choices.first(where: { $0.thread == current && $0.step == steps[current] }),
        others.contains(choice.next)
      {
        current = choice.next
      }
      steps[current] += 1
      let changes = steps.dropLast()
      if current == 20, steps[20] == 1 { isSeen = changes.contains(1) && !changes.contains(2) }
    }
    return (choices, crossroads, isSeen)
  }

  @Test func `a long schedule whose switches need each other becomes one switch`() {
    let found = (0..<20).map { Choice(thread: $0, step: 1, next: $0 + 1) }
    #expect(Self.run(found).isSame)
    // None of them can be taken away.
    for index in found.indices {
      var fewer = found
      fewer.remove(at: index)
      #expect(!Self.run(fewer).isSame)
    }
    let reduced = Reduction(attempt: Self.run).reduce(found, endingIn: 20)
    #expect(reduced.choices == [Choice(thread: 0, step: 1, next: 20)])
    #expect(reduced.isFewest)
  }

  @Test func `where one switch to that thread is not enough, switches are taken away`() {
    let needed = [Choice(thread: 0, step: 3, next: 1), Choice(thread: 0, step: 8, next: 2)]
    let found = (1...10).map { step in
      needed.first { $0.step == step } ?? Choice(thread: 0, step: step, next: 3)
    }
    let reduction = Reduction<Never> { choices in
      let crossroads = (1...10).map { Crossroads(thread: 0, ownStep: $0, others: [1, 2, 3]) }
      return (choices, crossroads, Set(choices).isSuperset(of: needed))
    }
    let reduced = reduction.reduce(found, endingIn: 3)
    #expect(reduced.choices == needed)
    #expect(reduced.isFewest)
  }
}
