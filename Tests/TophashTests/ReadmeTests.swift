import Foundation
import Testing
import Tophash

// README begin
final class Sessions: Sendable {
  private let users = ConcurrentDictionary<String, Int>()
  private let requests = ConcurrentDictionary<String, Int>()

  func logIn(_ token: String, user: Int) { users.updateValue(user, forKey: token) }
  func logOut(_ token: String) { users.removeValue(forKey: token) }

  func user(of token: String) -> Int? {
    requests.withValue(forKey: token) { $0 = ($0 ?? 0) + 1 }  // one atomic step
    return users[token]  // never waits
  }

  func requests(of token: String) -> Int { requests[token] ?? 0 }
}
// README end

@Suite struct ReadmeTests {
  @Test func `the README's example is this one`() throws {
    let file = URL(fileURLWithPath: #filePath)
    let root = file.deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let source = try String(contentsOf: file, encoding: .utf8)
    let readme = try String(
      contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
    let example = source.components(separatedBy: "// README begin\n")[1]
      .components(separatedBy: "// README end\n")[0]
    #expect(readme.contains("```swift\nimport Tophash\n\n" + example + "```\n"))
  }

  @Test func `the README's example counts every request`() async {
    let sessions = Sessions()
    sessions.logIn("a", user: 1)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask { for _ in 0..<1_000 { #expect(sessions.user(of: "a") == 1) } }
      }
    }
    #expect(sessions.requests(of: "a") == 8_000)
    sessions.logOut("a")
    #expect(sessions.user(of: "a") == nil)
  }
}
