import Synchronization

/// A stretch of a test whose conflicts are its own: what runs between ``enter(_:)`` and
/// ``leave()``, and all that this starts.
package struct ConflictScope: Sendable {
  private let probe: Probe
  private let number: UInt32

  /// Conflicts that some scope has told about: one within another does not tell again.
  private static let told = Mutex<Set<UInt32>>([])
  private static let isNoticed = Mutex(false)

  /// Enters a scope on the current task, or on the current thread where there is none.
  ///
  /// - Parameter name: What reports call the test.
  /// - Returns: `nil` when the probe is not there, which is said once, on standard error; or when
  ///   there are too many scopes.
  package static func enter(_ name: String) -> ConflictScope? {
    guard let probe = Probe.shared else {
      sayOnce()
      return nil
    }
    return probe.enter(name).map { ConflictScope(probe: probe, number: $0) }
  }

  /// Leaves the scope, on the task or thread that entered it.
  package func leave() { probe.leave(number) }

  /// The conflicts so far that no scope has told about, in words. Those that turn out to be waits
  /// for a lock are left out.
  ///
  /// - Complexity: starts a process when there are any.
  package func takeConflicts() -> [ConflictReport] {
    let new = probe.conflicts(in: number).filter { conflict in
      Self.told.withLock { $0.insert(conflict).inserted }
    }
    return ConflictReport.describe(new)
  }

  /// Says that the conflicts so far were expected: they are no findings, for nobody.
  package func expectConflicts() { probe.expect(in: number) }

  private static func sayOnce() {
    let isFirst = isNoticed.withLock { noticed in
      defer { noticed = true }
      return !noticed
    }
    guard isFirst else { return }
    writeError(
      Probe.isLoaded
        ? "TophashTesting: Tophash cannot tell tests apart with this hook, so conflicts fail no test;"
          + " they are in its report\n"
        : "TophashTesting: these tests do not run under Tophash, so conflicts are not looked for;"
          + " run them with 'tophash test'\n")
  }
}
