import TophashFindings
import TophashInspection
import TophashSymbols

/// The traps of one `tophash run`: taken from the file, handed to the probe, and put back with
/// what each run learned.
struct RunTraps {
  /// The file that is used where it exists, without being asked for.
  static let usualPath = ".tophash/traps.json"

  private let store: TrapStore?
  private var file = TrapFile()
  private let console: Console
  private let isUseful: Bool
  private var said: Set<TrapStore.Problem> = []
  private var images: [String: ElfImage?] = [:]
  private var calls: [String: AccessCalls] = [:]

  /// Reads the file; a problem with it is said, and is no reason not to run.
  ///
  /// - Parameter isRepeated: Whether one run learns from another even without a file.
  init(path: String?, isRepeated: Bool, console: Console) {
    let isUsual = path == nil && SmallFile.modificationTime(of: Self.usualPath) != nil
    store = (path ?? (isUsual ? Self.usualPath : nil)).map(TrapStore.init)
    self.console = console
    isUseful = store != nil || isRepeated
    do throws(TrapStore.Problem) {
      file = try store?.read() ?? file
    } catch {
      say(error)
    }
  }

  /// Writes what the probe reads at its start: the traps in `program`.
  ///
  /// Those of libraries are set again by their near misses.
  mutating func hand(to directory: SessionDirectory, program: String) {
    let path = SmallFile.resolved(program) ?? program
    let lines = file.traps.values.sorted { $0.key < $1.key }.compactMap { trap -> String? in
      guard trap.image == path.lastPathComponent, let address = address(of: trap, in: path) else {
        return nil
      }
      return "\(trap.holdMicroseconds * 1000) \(String(address, radix: 16)) \(path)\n"
    }
    if !lines.isEmpty { directory.write(lines.joined(), to: "learned.traps") }
  }

  /// Takes in what a run did, and saves it.
  mutating func learn(from session: Session) {
    guard isUseful else { return }
    var lessons: [TrapFile.Lesson] = []
    var gone: [Trap.Key] = []
    for process in session.subjects {
      for visit in process.visits where visit.holdTime > 0 {
        if let lesson = lesson(visit, of: process) { lessons.append(lesson) }
      }
      gone += obsolete(in: process)
    }
    file.learn(lessons)
    file.forget(gone)
    guard let store else { return }
    do throws(TrapStore.Problem) {
      // Others may have written since: what was learned is added to what is there now.
      try store.update { file in
        file.learn(lessons)
        file.forget(gone)
      }
    } catch {
      say(error)
    }
  }

  /// Once for each problem, however often the file is read and written.
  private mutating func say(_ problem: TrapStore.Problem) {
    guard let store, said.insert(problem).inserted else { return }
    let path = store.path
    switch problem {
    case .damaged:
      console.say("'\(path)' is no trap file, or damaged; it is kept as '\(store.damagedPath)'")
    case .notAFile:
      console.say("'\(path)' is no regular file; what is learned is not kept")
    case .otherVersion(let version):
      console.say("'\(path)' is of another version, \(version); it is left as it is")
    case .notWritten(let error):
      console.say("what was learned could not be saved in '\(path)': \(reason(error))")
    }
  }
}

// MARK: - Names and addresses

extension RunTraps {
  private mutating func image(_ path: String) -> ElfImage? {
    if let known = images[path] { return known }
    let image = try? ElfImage(path: path)
    images[path] = image
    return image
  }

  private mutating func accessCalls(_ path: String) -> AccessCalls? {
    if let known = calls[path] { return known }
    guard let image = image(path) else { return nil }
    let calls = AccessCalls(image)
    self.calls[path] = calls
    return calls
  }

  private mutating func address(of trap: Trap, in path: String) -> UInt64? {
    if trap.symbol.isEmpty {
      return image(path)?.buildID == trap.buildID ? trap.call : nil
    }
    return Int(exactly: trap.call).flatMap { call in
      accessCalls(path)?.address(of: AccessCalls.Name(symbol: trap.symbol, call: call))
    }
  }

  private mutating func lesson(_ visit: SiteVisit, of process: EventFile) -> TrapFile.Lesson? {
    guard let loaded = process.images.first(where: { $0.range.contains(visit.address) }),
      let image = image(loaded.path)
    else { return nil }
    let address = visit.address &- loaded.base
    let name = accessCalls(loaded.path)?.name(of: address)
    let key = Trap.Key(
      image: loaded.path.lastPathComponent, symbol: name?.symbol ?? "",
      call: name.map { UInt64($0.call) } ?? address)
    return TrapFile.Lesson(key: key, buildID: image.buildID ?? "", visit: visit)
  }

  /// The traps of an image of that name which has been built anew without their sites.
  private mutating func obsolete(in process: EventFile) -> [Trap.Key] {
    var gone: [Trap.Key] = []
    for path in Set(process.images.map(\.path)) {
      for trap in file.traps.values where trap.image == path.lastPathComponent {
        if image(path) != nil, address(of: trap, in: path) == nil { gone.append(trap.key) }
      }
    }
    return gone
  }
}

extension String {
  /// What follows the last slash.
  fileprivate var lastPathComponent: String {
    split(separator: "/").last.map(String.init) ?? self
  }
}
