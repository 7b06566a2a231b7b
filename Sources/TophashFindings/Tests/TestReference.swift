/// A test, by what was seen of it while it ran.
package struct TestReference: Hashable, Sendable {
  /// Its function, `CartTests.addsTwice()`, where that was on a stack.
  package var function: String?
  /// What the test library called it, where it told: the function without its suite, or the name
  /// that was given to it for display.
  package var title: String?

  /// `nil` when neither is known.
  package init?(function: String?, title: String?) {
    guard function != nil || title != nil else { return nil }
    self.function = function
    self.title = title
  }

  /// As reports write it.
  package var name: String {
    let title = title ?? ""
    // Without a name for display, the title is the function without its suite.
    return function ?? (title.hasSuffix(")") ? title : "\"\(title)\"")
  }

  /// Whether both may be one test: what is known of both is the same.
  package func isSame(as other: TestReference) -> Bool {
    if let function, let other = other.function { return function == other }
    if let title, let other = other.title { return title == other }
    // The one is known by its function, the other by its title. One that was made for display may
    // be anything; then nothing is said against it.
    return true
  }
}

extension EventHeader {
  /// The test that this process was started for, alone, `CartTests.testAdds()`: XCTest's tests that
  /// run in parallel have a process each.
  var onlyTest: String? {
    guard program.hasSuffix(".xctest"), arguments.count == 2,
      let wholeMatch = arguments[1].wholeMatch(of: /[^.,\/]+\.([^,\/]+)\/([^,\/]+)/)
    else { return nil }
    return "\(wholeMatch.1).\(wholeMatch.2)()"
  }
}

extension TestReference {
  /// What is known of either.
  func merged(with other: TestReference) -> TestReference {
    var merged = self
    merged.function = function ?? other.function
    merged.title = title ?? other.title
    return merged
  }

  /// The title of the test that a name tells of: `adds twice` for
  /// `[Swift Testing] test "adds twice" - running`; `nil` for every other name.
  ///
  /// Such are the names of the tasks in which Swift Testing runs tests, and of the scopes that test
  /// code enters. They may have been cut where they are long.
  static func title(of name: String) -> String? {
    let mark = "] test "
    guard name.hasPrefix("["), let start = name.firstRange(of: mark) else { return nil }
    var title = name[start.upperBound...]
    if let end = title.ranges(of: " - ").last { title = title[..<end.lowerBound] }
    if title.first == "\"" { title = title.dropFirst() }
    if title.last == "\"" { title = title.dropLast() }
    return title.isEmpty ? nil : String(title)
  }
}
