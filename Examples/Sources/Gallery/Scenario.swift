/// A way of misusing shared data, and the same program without the mistake.
public struct Scenario: Sendable {
  let name: String
  private let racy: @Sendable () -> [Worker]
  private let fixed: @Sendable () -> [Worker]

  /// Creates a scenario from its twins.
  ///
  /// - Parameters:
  ///   - racy: Sets up the data with the mistake and returns those who share it.
  ///   - fixed: The same, done correctly.
  public init(
    _ name: String,
    racy: @escaping @Sendable () -> [Worker], fixed: @escaping @Sendable () -> [Worker]
  ) {
    self.name = name
    self.racy = racy
    self.fixed = fixed
  }

  func workers(_ twin: Twin) -> [Worker] {
    switch twin {
    case .racy: racy()
    case .fixed: fixed()
    }
  }
}

/// Which of the two programs of a scenario.
enum Twin: String, CaseIterable {
  case racy, fixed
}
