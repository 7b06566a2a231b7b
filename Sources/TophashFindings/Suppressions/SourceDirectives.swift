/// The suppressions that stand as comments in one source file:
///
///     stock[item] = 1  // tophash:disable:this concurrent-modification set up before sharing
///     // tophash:disable:next all repaired with the next release
///     total += 1
package struct SourceDirectives: Sendable {
  /// One comment.
  package struct Directive: Hashable, Sendable {
    /// Where it stands, from 1.
    package var line: Int
    /// `nil` for all.
    package var rule: Rule?
    package var reason: String
  }

  /// By the line that each is about.
  package private(set) var directives: [Int: [Directive]] = [:]
  /// Comments that say nothing, a line each.
  package private(set) var mistakes: [(line: Int, text: String)] = []

  /// Reads the comments of a source.
  ///
  /// - Complexity: one pass; lines without the mark cost a search for it.
  package init(source: String) {
    guard source.utf8.contains(Self.mark) else { return }
    var number = 0
    for line in source.sourceLines {
      number += 1
      if line.utf8.contains(Self.mark) { read(line, number) }
    }
  }

  private static let mark = Array("tophash:disable:".utf8)

  private mutating func read(_ line: Substring, _ number: Int) {
    guard let comment = line.firstRange(of: "//") else { return }
    var words = line[comment.upperBound...].drop { $0 == "/" || $0.isWhitespace }
    let start = words.firstRange(of: "tophash:disable:")
    // What else the comment says may stand before, as for other tools' marks.
    guard let start else { return }
    words = words[start.upperBound...]
    let target = words.prefix { !$0.isWhitespace }
    let offset: Int
    switch target {
    case "this": offset = 0
    case "next": offset = 1
    default:
      mistakes.append((number, "'tophash:disable:\(target)': write ':this' or ':next'"))
      return
    }
    words = words[target.endIndex...].drop(while: \.isWhitespace)
    let name = words.prefix { !$0.isWhitespace }
    let rule = Rule(rawValue: String(name))
    guard rule != nil || name == "all" else {
      let known = Rule.allCases.map(\.rawValue) + ["all"]
      let what = name.isEmpty ? "no rule is named" : "there is no rule '\(name)'"
      mistakes.append((number, "\(what); known are \(known.joined(separator: ", "))"))
      return
    }
    let reason = words[name.endIndex...].trimmed
    guard !reason.isEmpty else {
      mistakes.append((number, "no reason is given; write it behind the rule"))
      return
    }
    directives[number + offset, default: []].append(
      Directive(line: number, rule: rule, reason: reason))
  }
}

extension Sequence<UInt8> where Self: Collection {
  /// Whether `needle` occurs.
  fileprivate func contains(_ needle: [UInt8]) -> Bool {
    firstRange(of: needle) != nil
  }
}
