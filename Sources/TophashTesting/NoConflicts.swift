public import Testing
import TophashTestScopes

/// Fails each test in which two tasks touch one variable at the same time.
///
/// ```swift
/// @Suite(.noConflicts) struct CartTests {
///   @Test func addsInParallel() async { … }
/// }
/// ```
///
/// A conflict fails a test only when both accesses were made by that test or by what it started,
/// so tests may run in parallel. The issue is recorded at the line of the access. Conflicts are
/// found by the probe of `tophash test`; without it, that is said once on standard error, and
/// tests run as they are.
public struct NoConflictsTrait: TestTrait, SuiteTrait, TestScoping {
  /// Applied to a suite, it counts for each test in it.
  public var isRecursive: Bool { true }

  public func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await check(
      named: test.displayName ?? test.name, sourceLocation: test.sourceLocation,
      performing: function)
  }
}

extension Trait where Self == NoConflictsTrait {
  /// Fails the test, or each test of the suite, when two of its tasks touch one variable at the
  /// same time.
  public static var noConflicts: Self { Self() }
}
