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
  private var names = SiteNames()

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
      guard trap.image == path.lastPathComponent, let address = names.address(of: trap, in: path)
      else {
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
  private mutating func lesson(_ visit: SiteVisit, of process: EventFile) -> TrapFile.Lesson? {
    names.lesson(visit, in: process.images)
  }

  /// The traps of an image of that name which has been built anew without their sites.
  private mutating func obsolete(in process: EventFile) -> [Trap.Key] {
    var gone: [Trap.Key] = []
    for path in Set(process.images.map(\.path)) {
      for trap in file.traps.values where trap.image == path.lastPathComponent {
        if names.knows(path), names.address(of: trap, in: path) == nil { gone.append(trap.key) }
      }
    }
    return gone
  }
}
