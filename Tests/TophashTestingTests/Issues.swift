import Testing

#if compiler(>=6.2)
/// Runs what fails, and returns the issues that the test got.
func collectedIssues(_ body: @escaping @Sendable () async throws -> Void) async throws -> [Issue] {
  let seen = Shared<[Issue]>([])
  try await IssueHandlingTrait.compactMapIssues { issue in
    seen.value.withLock { $0.append(issue) }
    return nil
  }.provideScope(for: Test.current!, testCase: Test.Case.current) { try await body() }
  return seen.now
}
#endif
