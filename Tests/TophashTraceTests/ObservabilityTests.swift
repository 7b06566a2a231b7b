import Foundation
import Testing
import TophashTestSupport

/// The libraries for swift-distributed-tracing and swift-metrics, in the example that has both.
@Suite struct ObservabilityTests {
  private static let root = String(
    #filePath.dropLast("/Tests/TophashTraceTests/ObservabilityTests.swift".count))
  private static let example = "\(root)/Examples/Observability"

  @Test func `spans are regions on the timeline, and go on to the tracer that was there`() throws {
    let directory = try TemporaryDirectory()
    let build = "\(directory.path)/build"
    let package = ["--package-path", Self.example, "--scratch-path", build]
    let fetched = try Command(
      path: #require(Tool.path("swift")), arguments: ["package", "resolve"] + package
    ).run()
    if fetched.errors.contains("Failed to clone repository") {
      return try skip("the libraries that the example uses cannot be fetched here")
    }
    #expect(fetched.end == .exited(0), "\(fetched.errors)")
    try Tool.run(["swift", "build", "--product", "Shop"] + package)
    let file = "\(directory.path)/shop.pftrace"
    let run = try Command(
      path: Bottleneck.tool, arguments: ["trace", "--output", file, "--", "\(build)/debug/Shop"]
    ).run()
    #expect(run.end == .exited(0))
    // What the collectors got.
    #expect(
      run.output == """
        order: 4 spans, 4 within another, 0 events, 2 errors
        request: 4 spans, 0 within another, 4 events, 0 errors
        shipment: 1 spans, 0 within another, 0 events, 0 errors
        tophash_count: 4
        tophash_growths: 0

        """)
    let trace = ReadTrace(bytes(of: file))
    #expect(trace.isBalanced)
    #expect(trace.slices["request"] == 4)
    #expect(trace.slices["order"] == 4)
    #expect(trace.slices["greet"] == 4)
    #expect(trace.slices["shipment"] == 1)
    #expect(trace.instants["answered"] == 4)
    #expect(trace.instants["error: SoldOut"] == 2)
    #expect(trace.figures["sessions count"] == [4])
    // Spans and regions of one task are one above the other.
    let tracks = Set(trace.tracks(of: "request"))
    #expect(tracks.count == 4)
    #expect(tracks.allSatisfy { $0.hasPrefix("regions of task ") && !$0.hasSuffix(")") })
    #expect(Set(trace.tracks(of: "order")) == tracks)
    #expect(Set(trace.tracks(of: "greet")) == tracks)
  }

  @Test func `whoever does not ask for them gets no other package`() throws {
    let directory = try TemporaryDirectory()
    try directory.write("Sources/App/main.swift", "import Tophash\n")
    try directory.write(
      "Package.swift",
      """
      // swift-tools-version: 6.1
      import PackageDescription
      let package = Package(
        name: "App",
        dependencies: [.package(name: "tophash", path: "\(Self.root)", traits: [])],
        targets: [
          .executableTarget(
            name: "App", dependencies: [.product(name: "Tophash", package: "tophash")])
        ])
      """)
    let answer = try Command(
      path: #require(Tool.path("swift")),
      arguments: [
        "package", "--package-path", directory.path, "show-dependencies", "--format", "json",
      ]
    ).run()
    #expect(answer.end == .exited(0), "\(answer.errors)")
    let dependencies = try JSONValue(answer.output)["dependencies"].array
    #expect(dependencies.count == 1)
    #expect(dependencies.first?["dependencies"].array == [])
    #expect(!directory.files.contains("Package.resolved"))
  }

  @Test func `the guides show what the example compiles`() throws {
    let source = text(of: "\(Self.example)/Sources/Shop/main.swift")
    for guide in ["trace", "statistics"] {
      let blocks = text(of: "\(Self.root)/Documentation/Guides/\(guide).md")
        .components(separatedBy: "```swift\n").dropFirst()
        .map { $0.components(separatedBy: "```")[0] }
        .filter { $0.contains("import TophashTracing") || $0.contains("import TophashMetrics") }
      #expect(blocks.count == 1)
      for line in blocks.joined().split(separator: "\n") {
        #expect(source.contains("\(line)\n"), "\(guide).md: \(line)")
      }
    }
  }
}
