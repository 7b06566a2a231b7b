public import Testing
import TophashTestScopes

/// Expects that nothing in `body` touches one variable at the same time.
///
/// Records an issue at the line of each access that did, and goes on. What `body` starts and does
/// not wait for counts only as far as it got.
public func expectNoConflicts<Result>(
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Result
) rethrows -> Result {
  let scope = ConflictScope.enter(scopeName())
  defer { scope?.finish(sourceLocation) }
  return try body()
}

/// Expects that nothing in `body` touches one variable at the same time.
///
/// Records an issue at the line of each access that did, and goes on. What `body` starts and does
/// not wait for counts only as far as it got.
public func expectNoConflicts<Result>(
  isolation: isolated (any Actor)? = #isolation,
  sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Result
) async rethrows -> Result {
  let scope = ConflictScope.enter(scopeName())
  defer { scope?.finish(sourceLocation) }
  return try await body()
}

/// Runs `body`, whose conflicts are known and to be repaired some day: they fail no test and are
/// no findings of `tophash test`, whose summary counts them.
///
/// It is no mistake when there is none: a race that did not show itself may be there all the same.
public func withKnownConflict<Result>(_ body: () throws -> Result) rethrows -> Result {
  let scope = ConflictScope.enter(scopeName())
  defer { scope?.finishExpecting() }
  return try body()
}

/// Runs `body`, whose conflicts are known and to be repaired some day: they fail no test and are
/// no findings of `tophash test`, whose summary counts them.
///
/// It is no mistake when there is none: a race that did not show itself may be there all the same.
public func withKnownConflict<Result>(
  isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
) async rethrows -> Result {
  let scope = ConflictScope.enter(scopeName())
  defer { scope?.finishExpecting() }
  return try await body()
}

/// Runs a test in a scope of its own.
func check(
  named name: String, sourceLocation: SourceLocation, performing function: () async throws -> Void
) async throws {
  let scope = ConflictScope.enter(scopeName(of: name))
  defer { scope?.finish(sourceLocation) }
  try await function()
}

/// What reports call a scope in the running test.
private func scopeName() -> String {
  scopeName(of: Test.current.map { $0.displayName ?? $0.name } ?? "")
}

private func scopeName(of test: String) -> String { "[Swift Testing] test \"\(test)\"" }

extension ConflictScope {
  /// Leaves the scope, and records an issue for each of its conflicts.
  ///
  /// - Parameter place: For conflicts whose own place is not known.
  fileprivate func finish(_ place: SourceLocation) {
    leave()
    for report in takeConflicts() { report.record(place) }
  }

  fileprivate func finishExpecting() {
    leave()
    expectConflicts()
  }
}

extension ConflictReport {
  fileprivate func record(_ place: SourceLocation) {
    let location = location ?? place
    let comment = Comment(rawValue: message)
    guard isCaught else {
      // What is not proven fails no test.
      #if compiler(>=6.3)
      Issue.record(comment, severity: .warning, sourceLocation: location)
      #endif
      return
    }
    Issue.record(comment, sourceLocation: location)
  }

  private var location: SourceLocation? {
    guard !file.isEmpty, line > 0 else { return nil }
    let name = file.split(separator: "/").last.map(String.init) ?? file
    return SourceLocation(
      fileID: "\(module.isEmpty ? "Unknown" : module)/\(name)", filePath: file, line: line,
      column: max(column, 1))
  }
}
