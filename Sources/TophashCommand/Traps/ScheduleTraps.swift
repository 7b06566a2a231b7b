import TophashExploration
import TophashFindings
import TophashSymbols

/// The places of a schedule, as traps for runs that nobody controls.
struct ScheduleTraps {
  var path: String

  /// How long an access is held there, in nanoseconds: as long as the probe lets a trap hold.
  private static let holdTime: UInt64 = 10_000_000

  /// Adds what a controlled run has shown to the trap file.
  ///
  /// - Parameter account: A detailed one.
  /// - Returns: How many places there are.
  /// - Throws: 70 when the file cannot be written.
  func set(_ account: Account, images: [LoadedImage]) throws(ToolError) -> Int {
    var names = SiteNames()
    let lessons = account.sitesToHold.compactMap { site in
      names.lesson(SiteVisit(address: site, holdTime: Self.holdTime), in: images)
    }.filter { !$0.key.symbol.isEmpty }
    guard !lessons.isEmpty else { return 0 }
    do throws(TrapStore.Problem) {
      try TrapStore(path: path).update { $0.learn(lessons) }
    } catch {
      throw .toolFailed("the trap file '\(path)' cannot be written", "name another one")
    }
    return lessons.count
  }
}
