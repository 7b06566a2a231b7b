import TophashFindings
import TophashSymbols

extension Finding {
  /// What the owner of a side did, after its name: `had begun to modify it`.
  func deed(of side: Side) -> String {
    let isFirst = side == open
    let verb =
      switch grade {
      case .caught: isFirst ? "had begun to" : "began meanwhile to"
      case .unordered: isFirst ? "came first, to" : "came later, to"
      }
    return "\(verb) \(side.operation.rawValue) it"
  }

  /// The site to show for the finding where there is room for one: the first that has a line.
  var place: (side: Side, location: SourceLocation)? {
    for side in sides {
      if let location = side.site?.location { return (side, location) }
    }
    return nil
  }

  /// How often and where it was seen: `7 times in process 514 (Inventory)`.
  var seen: String {
    let times = occurrences == 1 ? "once" : "\(Number.grouped(occurrences)) times"
    guard !processes.isEmpty else { return times }
    var places = processes.prefix(Self.namedProcesses).map {
      "\($0.pid) (\($0.program.split(separator: "/").last ?? ""))"
    }
    .joined(separator: ", ")
    let others = processes.count - Self.namedProcesses
    if others > 0 { places += " and \(Number.counted(UInt64(others), "other"))" }
    return "\(times) in \(processes.count == 1 ? "process" : "processes") \(places)"
  }

  /// Of a program that was repeated, a few say as much as all.
  private static let namedProcesses = 4
}

extension Grade {
  /// Before a headline. Only what cannot be false is called a race.
  var words: String {
    switch self {
    case .caught: "race (caught)"
    case .unordered: "unordered (not proven)"
    }
  }
}

extension Side {
  /// What else is known of the access, and worth a word.
  var notes: [String] {
    var notes: [String] = []
    // The system's own queues say nothing that a reader could use.
    if let queue, !queue.hasPrefix("com.apple.root."),
      queue != "Swift global concurrent queue", queue != "com.apple.main-thread"
    {
      notes.append("queue \(Owner.quoted(queue))")
    }
    if owner.isTask, let name = threadName { notes.append("thread \(Owner.quoted(name))") }
    if isSuspended {
      notes.append("suspended in an await: only the place of the access is known")
    } else if !hasExactStack {
      notes.append("it went on while its stack was read: outer frames may be later ones")
    }
    if isHeld { notes.append("held open by a trap") }
    return notes
  }
}
