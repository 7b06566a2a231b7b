import TophashTestScopes
public import XCTest

/// A test case whose tests fail when two of their tasks or threads touch one variable at the same
/// time.
///
/// ```swift
/// final class CartTests: NoConflictsTestCase {
///   func testAddsInParallel() async { … }
/// }
/// ```
///
/// A failure is recorded at the line of the access. Conflicts are found by the probe of
/// `tophash test`; without it, that is said once on standard error, and tests run as they are.
open class NoConflictsTestCase: XCTestCase {
  open override func invokeTest() {
    let scope = ConflictScope.enter(scopeName)
    super.invokeTest()
    finish(scope)
  }
}

extension XCTestCase {
  /// Fails the test when something in `body` touches one variable at the same time.
  ///
  /// What `body` starts and does not wait for counts only as far as it got.
  public func expectNoConflicts<Result>(_ body: () throws -> Result) rethrows -> Result {
    let scope = ConflictScope.enter(scopeName)
    defer { finish(scope) }
    return try body()
  }

  /// Runs `body`, whose conflicts are known and to be repaired some day: they fail no test and are
  /// no findings of `tophash test`, whose summary counts them.
  ///
  /// It is no mistake when there is none: a race that did not show itself may be there all the
  /// same.
  public func withKnownConflict<Result>(_ body: () throws -> Result) rethrows -> Result {
    let scope = ConflictScope.enter(scopeName)
    defer {
      scope?.leave()
      scope?.expectConflicts()
    }
    return try body()
  }

  /// `CartTests.testAddsInParallel()` for the test that XCTest calls `CartTests.testAddsInParallel`.
  fileprivate var scopeName: String { "[XCTest] test \(name)()" }

  fileprivate func finish(_ scope: ConflictScope?) {
    guard let scope else { return }
    scope.leave()
    // What is not proven fails no test; it is in the report of `tophash test`.
    for report in scope.takeConflicts() where report.isCaught {
      #if canImport(Darwin)
      XCTFail(report.message)
      #else
      recordFailure(
        withDescription: report.message, inFile: report.file.isEmpty ? "<unknown>" : report.file,
        atLine: report.line, expected: true)
      #endif
    }
  }
}
