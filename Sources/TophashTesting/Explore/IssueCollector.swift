import Synchronization
import Testing

/// Takes the issues of a body that runs many times, so that only the last run's are the test's.
final class IssueCollector: Sendable {
  private struct State {
    var failures: [String] = []
    /// Issues are the test's from now on; the first failure gets these comments.
    var passing: [Comment]?
    var passed = 0
  }

  private let state = Mutex(State())

  /// Forgets the issues of the run before.
  func begin(passing comments: [Comment]? = nil) {
    state.withLock { $0 = State(passing: comments) }
  }

  /// Where the first failure was; `nil` when there was none.
  var failure: String? { state.withLock { $0.failures.first } }

  /// How many failures were handed on to the test.
  var passed: Int { state.withLock { $0.passed } }

  #if compiler(>=6.2)
  /// What becomes of an issue: `nil` when it is kept from the test.
  func handle(_ issue: Issue) -> Issue? {
    state.withLock { state in
      let isFailure = Self.isFailure(issue)
      if isFailure { state.failures.append(Self.key(issue)) }
      guard let comments = state.passing else { return nil }
      guard isFailure else { return issue }
      state.passed += 1
      guard state.passed == 1 else { return issue }
      var issue = issue
      issue.comments += comments
      return issue
    }
  }

  private static func isFailure(_ issue: Issue) -> Bool {
    #if compiler(>=6.3)
    issue.isFailure
    #else
    !issue.isKnown
    #endif
  }

  /// What two issues have in common that are the same failure.
  private static func key(_ issue: Issue) -> String {
    guard let place = issue.sourceLocation else { return "issue" }
    return "\(place.fileID):\(place.line):\(place.column)"
  }
  #endif
}
