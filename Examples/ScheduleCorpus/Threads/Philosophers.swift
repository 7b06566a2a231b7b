import Foundation

/// Each philosopher takes the fork on the left, then the one on the right. When all have the left
/// one, nobody eats again. In the twin one of them begins on the right (Dijkstra, 1971).
extension Program {
  static func philosophers(_ count: Int) -> Program {
    threads("din_phil\(count)", "all take the left fork first") { isFixed in
      let forks = (0..<count).map { _ in NSLock() }
      onThreads(
        (0..<count).map { seat in
          {
            var hands = [seat, (seat + 1) % count]
            if isFixed, seat == 0 { hands.reverse() }
            forks[hands[0]].lock()
            forks[hands[1]].lock()
            forks[hands[1]].unlock()
            forks[hands[0]].unlock()
          }
        })
    }
  }
}
