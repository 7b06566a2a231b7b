import Foundation
import Synchronization
import Testing
import TophashTestSupport

/// Races whose sides never meet, as users see them found; and nothing said of the fixed twins.
/// `Scripts/twins` does the same as often as you like.
@Suite struct NeverMeetTests {
  /// What `Examples/twins.json` says is true.
  struct Twin: Decodable, Sendable, CustomTestStringConvertible {
    struct Race: Decodable, Sendable {
      var variable: String
      var type: String
      var lines: [[String]]
    }

    var program: String
    var scenario: String
    var source: String
    var race: Race?

    var testDescription: String { scenario }

    /// The pairs of lines that race, by the comments in the source.
    var pairs: Set<Set<Int>> {
      get throws {
        let text = try String(contentsOfFile: "\(examplesFolder)/\(source)", encoding: .utf8)
        var marked: [String: Int] = [:]
        for (index, line) in text.components(separatedBy: "\n").enumerated() {
          if let mark = line.range(of: "// race: ") {
            marked[String(line[mark.upperBound...])] = index + 1
          }
        }
        return Set((race?.lines ?? []).map { Set($0.compactMap { marked[$0] }) })
      }
    }
  }

  private static let twins: [Twin] = {
    struct Manifest: Decodable {
      var twins: [Twin]
    }
    let text = FileManager.default.contents(atPath: "\(examplesFolder)/twins.json") ?? Data()
    let manifest = try? JSONDecoder().decode(Manifest.self, from: text)
    return (manifest?.twins ?? []).filter { $0.program == "NeverMeet" }
  }()

  @Test func `there are as many as promised`() {
    #expect(Self.twins.count >= 15)
  }

  @Test(arguments: twins, [Build.debug, .release])
  func `what never meets is found, and its fixed twin is not accused`(
    twin: Twin, build: Build
  ) throws {
    let race = try #require(twin.race)
    let found = try findings(twin, "racy", build)
    #expect(!found.isEmpty, "\(twin.scenario) was not found")
    for finding in found {
      #expect(finding.variable.name == race.variable)
      #expect(finding.variable.type == race.type)
      let lines = Set(finding.sides.compactMap { $0.site?.location?.line })
      #expect(try twin.pairs.contains(lines), "\(lines)")
    }
    #expect(try findings(twin, "fixed", build).isEmpty)
  }

  private struct Report: Decodable {
    struct Finding: Decodable {
      struct Variable: Decodable {
        var name: String
        var type: String?
      }
      struct Side: Decodable {
        struct Site: Decodable {
          struct Location: Decodable {
            var line: Int
          }
          var location: Location?
        }
        var site: Site?
      }
      var grade: String
      var variable: Variable
      var sides: [Side]
    }
    var findings: [Finding]
  }

  private func findings(_ twin: Twin, _ form: String, _ build: Build) throws -> [Report.Finding] {
    let folder = try TemporaryDirectory()
    defer { folder.remove() }  // and not before
    let output = "\(folder.path)/report.json"
    let run = try BuiltTool.run([
      "run", "--detect", "unordered", "--reporter", "json", "--output", output, "--",
      build.path, twin.scenario, form,
    ])
    let text = try #require(FileManager.default.contents(atPath: output))
    let findings = try JSONDecoder().decode(Report.self, from: text).findings
    // Only what was caught changes the exit status.
    let wasCaught = findings.contains { $0.grade == "caught" }
    #expect(run.end == .exited(wasCaught ? 66 : 0), "\(run.errors)")
    return findings
  }

  /// The program, compiled when a test first asks for it.
  enum Build: String {
    case debug, release

    var path: String {
      get throws {
        try Self.compiled.withLock { compiled in
          let path = "\(Self.folder.path)/NeverMeet-\(rawValue)"
          guard compiled.insert(self).inserted else { return path }
          let folder = "\(examplesFolder)/Sources/NeverMeet"
          let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            .map { "\(folder)/\($0)" }
          let options = self == .debug ? ["-Onone"] : ["-O", "-wmo"]
          try Tool.run(
            [
              "swiftc", "-g", "-swift-version", "6", "-parse-as-library", "-module-name",
              "NeverMeet",
            ]
              + options + files + [
                "-emit-executable", "-o", path, "-emit-module-path", "\(path).swiftmodule",
              ])
          return path
        }
      }
    }

    private static let compiled = Mutex<Set<Build>>([])
    private static let folder: TemporaryDirectory = {
      guard let directory = try? TemporaryDirectory() else { fatalError("no temporary directory") }
      atexit { Build.folder.remove() }
      return directory
    }()
  }
}

private let examplesFolder =
  String(#filePath.dropLast("Tests/TophashCommandTests/NeverMeetTests.swift".count)) + "Examples"
