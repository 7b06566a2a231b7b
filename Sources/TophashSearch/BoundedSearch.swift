/// Every schedule with one switch out of the plain order, then every one with two, and so on
/// (delay bounding: Emmi, Qadeer and Rakamarić, 2011).
///
/// Most failures need very few switches. And where nothing fails, this is what can be said for
/// certain: no schedule of so few switches fails.
package struct BoundedSearch {
  /// Schedules to try, those with fewer switches first.
  private var waiting: [[Choice]] = []
  private var next = 0
  /// Given out, and not yet back.
  private var running: [Int: Int] = [:]
  /// The fewest switches of a schedule that there was no room for.
  private var cut: Int?
  /// Tried so far, by number of switches.
  package private(set) var tried: [Int: Int] = [:]

  /// Beyond this many, schedules of more switches are not collected.
  private let room: Int

  package init(room: Int = 200_000) {
    self.room = room
  }

  /// The next schedule to try; `nil` when there is none for now.
  package mutating func take() -> [Choice]? {
    guard next < waiting.count else { return nil }
    defer { next += 1 }
    running[waiting[next].count, default: 0] += 1
    return waiting[next]
  }

  /// Takes note of a run with these switches: from each place after the last of them, there is
  /// one more schedule for each thread that could have gone on.
  ///
  /// - Parameter isWhole: Whether these are all places at which others could have gone on.
  package mutating func note(
    _ choices: [Choice], _ crossroads: [Crossroads], isWhole: Bool = true
  ) {
    if !isWhole { cut = min(cut ?? .max, choices.count + 1) }
    tried[choices.count, default: 0] += 1
    if let count = running[choices.count] { running[choices.count] = count - 1 }
    var start = crossroads.startIndex
    if let last = choices.last {
      guard
        let place = crossroads.lastIndex(where: {
          $0.thread == last.thread && $0.ownStep == last.step
        })
      else { return }
      start = place + 1
    }
    for place in crossroads[start...] {
      for other in place.others {
        guard waiting.count < room else {
          cut = min(cut ?? .max, choices.count + 1)
          return
        }
        waiting.append(
          choices + [Choice(thread: place.thread, step: place.ownStep, next: other)])
      }
    }
  }

  /// So many switches, or fewer: all such schedules were tried. `nil` when not even the plain
  /// order was.
  package var completeUpTo: Int? {
    guard let most = tried.keys.max() else { return nil }
    if isEverythingTried { return most }
    let open = [waiting[next...].first?.count, running.filter { $0.value > 0 }.keys.min(), cut]
    return open.compactMap(\.self).min().map { min($0 - 1, most) } ?? most
  }

  /// Whether there is no other schedule at all.
  package var isEverythingTried: Bool {
    !tried.isEmpty && cut == nil && next == waiting.count && running.values.allSatisfy { $0 == 0 }
  }
}
