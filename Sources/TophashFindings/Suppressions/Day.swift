import Foundation

/// A day as suppressions name it, `2027-01-31`.
package struct Day: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let description: String

  /// `nil` for what is no day of the calendar.
  package init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.map(\.utf8.count) == [4, 2, 2],
      parts.allSatisfy({ $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }),
      let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2]),
      DateComponents(calendar: Calendar(identifier: .gregorian), year: year, month: month, day: day)
        .isValidDate
    else { return nil }
    description = text
  }

  /// The day of `date` in UTC, so that all machines of a team agree.
  package init(of date: Date) {
    description = String(date.ISO8601Format().prefix(10))
  }

  /// Days of four-digit years are in the order of their texts.
  package static func < (left: Self, right: Self) -> Bool { left.description < right.description }
}
