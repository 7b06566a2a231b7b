import Glibc
import TophashFindings
import TophashSymbols
import TophashTrace

/// Prints what the tasks and threads of a running program do, a line for each look.
final class ScheduleWatcher {
  private let interval: Int?
  private let console: Console
  private let start = MeasuredRun.monotonicTime
  /// Types of actors by the addresses of their metadata, for each process.
  private var types: [String: [UInt64: String]] = [:]
  /// Turns of tasks that were warned of.
  private var warned: Set<Turn> = []

  /// What a task does without suspending, on whichever executors.
  private struct Turn: Hashable {
    var task: UInt32
    var since: UInt64
  }

  /// A task that has not suspended for so long keeps others from the pool.
  private static let longTurn: UInt64 = 100_000_000

  /// - Parameter interval: `nil` to print nothing.
  init(interval: Int?, console: Console) {
    self.interval = interval
    self.console = console
  }

  func look(_ directory: SessionDirectory) {
    guard interval != nil else { return }
    for file in directory.files.sorted() { look(directory, file) }
  }

  private func look(_ directory: SessionDirectory, _ file: String) {
    let lanes = try? TimelineFile.lanes(
      bytes: directory.bytes(
        of: SessionDirectory.companion(file, "timeline"), first: TimelineFile.bytesToLanes))
    guard let lanes, let pid = file.split(separator: ".").first.flatMap({ Int32($0) }),
      let waiters = try? WaitFile.waiters(
        bytes: directory.bytes(of: SessionDirectory.companion(file, "waits")))
    else { return }
    let threads = Self.threads(of: pid)
    guard !threads.isEmpty else { return }  // it has ended
    let now = MeasuredRun.monotonicTime
    let line = ScheduleLine(
      time: now - start, threads: threads.count, pool: Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))),
      // A thread that is gone may have left its task behind.
      lanes: lanes.filter { threads.contains($0.thread) }, waiters: waiters,
      types: types(
        of: Set(waiters.map(\.subject.metadata) + lanes.map(\.executor)), directory, file),
      now: now)
    console.write(line.text)
    for lane in line.holding where line.age(lane) > Self.longTurn {
      let turn = Turn(task: lane.task, since: lane.since)
      guard warned.insert(turn).inserted else { continue }
      console.write(
        "SCHED warning: task \(lane.task) has kept thread \(lane.thread) for"
          + " \(line.age(lane) / 1_000_000) ms without suspending")
    }
  }

  /// Looks a type up once, when somebody waits for such an actor for the first time.
  private func types(
    of metadata: Set<UInt64>, _ directory: SessionDirectory, _ file: String
  ) -> [UInt64: String] {
    let unknown = metadata.filter { $0 != 0 && types[file]?[$0] == nil }
    guard !unknown.isEmpty, let process = try? EventFile(bytes: directory.bytes(of: file)) else {
      return types[file, default: [:]]
    }
    let interpreter = ImageWaitInterpreter(
      images: process.images, tool: nil, cache: ElfImageCache())
    for address in unknown {
      types[file, default: [:]][address] = interpreter.type(ofMetadata: address) ?? "?"
    }
    return types[file, default: [:]]
  }

  private static func threads(of pid: Int32) -> Set<Int32> {
    guard let directory = opendir("/proc/\(pid)/task") else { return [] }
    defer { closedir(directory) }
    var threads: Set<Int32> = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if let thread = Int32(name) { threads.insert(thread) }
    }
    return threads
  }
}

extension Console {
  /// A line without a prefix.
  fileprivate func write(_ line: String) { TophashCommand.write(line + "\n", to: STDERR_FILENO) }
}
