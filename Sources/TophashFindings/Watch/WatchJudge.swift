import TophashSymbols

/// Turns hits into words, and gathers them by the place in the program.
package struct WatchJudge {
  package private(set) var variables: [WatchedVariable]

  /// - Parameter variables: in the order of their numbers.
  package init(variables: [WatchedVariable]) {
    self.variables = variables
  }

  /// What makes two uses come from one place.
  private struct Key: Hashable {
    var variable: Int
    var operation: WatchOperation
    var function: String
    var location: SourceLocation?
    var offset: UInt64?
  }

  private var sites: [Key: Int] = [:]

  /// Adds what was written down in one process.
  ///
  /// - Parameter operation: what the instruction before an address does; `nil` when not known.
  package mutating func add(
    _ file: WatchFile, of process: EventHeader, interpreter: some Interpreter,
    operation: (UInt64) -> WatchOperation?
  ) {
    for index in variables.indices {
      variables[index].objects += file.objects[index]
      variables[index].watchedObjects += file.watched[index]
    }
    let places = file.places.mapValues { side in
      var side = side
      side.frames = interpreter.stack(of: side)
      return side
    }
    let frames = interpreter.frames(
      at: Set(places.values.flatMap { $0.frames + $0.asyncFrames }).sorted())
    var sides: [WatchFile.Place: [Int: Side]] = [:]
    var operations: [WatchFile.Place: WatchOperation?] = [:]
    let start = file.hits.first?.time ?? 0
    for hit in file.hits where variables.indices.contains(hit.variable) {
      guard let raw = places[hit.place] else { continue }
      let variable = variables[hit.variable].variable
      let side: Side
      if let known = sides[hit.place]?[hit.variable] {
        side = known
      } else {
        side = Side(raw, process: process, variable: variable, frames: frames)
          .withoutLibrary(variables[hit.variable].isEntry)
        sides[hit.place, default: [:]][hit.variable] = side
      }
      let told: WatchOperation
      if let change = hit.flags.change {
        told = change
      } else if hit.flags.contains(.announced) {
        told = hit.flags.contains(.modify) ? .modify : .read
      } else {
        let known = operations[hit.place] ?? raw.frames.first.flatMap(operation)
        operations[hit.place] = known
        told = known ?? (hit.before == hit.after ? .read : .write)
      }
      add(hit, told, side, process, start)
    }
  }

  private mutating func add(
    _ hit: WatchFile.Hit, _ operation: WatchOperation, _ side: Side, _ process: EventHeader,
    _ start: UInt64
  ) {
    let site = side.site
    let key = Key(
      variable: hit.variable, operation: operation, function: site?.function ?? "",
      location: site?.location, offset: site?.location == nil ? site?.offset : nil)
    var number = sites[key] ?? variables[hit.variable].sites.count
    if sites[key] == nil {
      number = variables[hit.variable].sites.count
      sites[key] = number
      variables[hit.variable].sites.append(
        WatchSite(operation: operation, side: side, count: 0, owners: []))
    }
    variables[hit.variable].sites[number].add(side.owner)
    variables[hit.variable].hits.append(
      WatchHit(
        nanoseconds: hit.time &- start, pid: process.pid, object: hit.object, owner: side.owner,
        site: number, before: hit.flags.isDisjoint(with: [.first, .inserted]) ? hit.before : nil,
        after: hit.flags.isDisjoint(with: [.instantaneous, .removed]) ? hit.after : nil))
  }
}

extension WatchFile.Flags {
  /// What a dictionary said of an entry.
  fileprivate var change: WatchOperation? {
    contains(.inserted) ? .insert : contains(.removed) ? .remove : nil
  }
}

extension Side {
  /// Of a use of an entry, what the dictionary did for it says nothing: its caller does.
  fileprivate func withoutLibrary(_ isEntry: Bool) -> Side {
    guard isEntry,
      let own = stack.firstIndex(where: { !$0.isRuntime && $0.module != Self.library })
    else { return self }
    var side = self
    side.stack.removeFirst(own)
    side.siteIndex = 0
    return side
  }

  private static let library = "Tophash"
}

extension WatchSite {
  fileprivate mutating func add(_ owner: Owner) {
    count += 1
    if let index = owners.firstIndex(where: { $0.owner == owner }) {
      owners[index].count += 1
    } else {
      owners.append((owner, 1))
    }
  }
}
