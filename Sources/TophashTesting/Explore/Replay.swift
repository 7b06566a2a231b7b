public import Testing
import TophashTaskOrder

/// Runs the test's ``explore(_:schedules:seed:patience:sourceLocation:_:)`` in one order, which an
/// earlier failure has printed.
///
/// ```swift
/// @Test(.replay("tasks1 1.2>2 #8ca629a6e8e45b6c")) func twoSales() async throws { … }
/// ```
public struct ReplayTrait: TestTrait, TestScoping {
  let text: String

  /// The order that the running test is told to take.
  @TaskLocal static var current: String?

  public func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await Self.$current.withValue(text) { try await function() }
  }
}

extension Trait where Self == ReplayTrait {
  /// Runs what the test explores in one order only: the one that a failure has printed.
  ///
  /// When it ends well, the test says *not reproduced*. That is no proof that anything is fixed:
  /// another build may take another way. Take the trait away to search again.
  public static func replay(_ schedule: String) -> Self { Self(text: schedule) }
}

/// Why a test could not be explored.
public struct ExplorationError: Error, CustomStringConvertible {
  public var description: String
}
