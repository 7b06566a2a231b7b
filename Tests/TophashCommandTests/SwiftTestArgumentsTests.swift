import Testing
import TophashTestSupport

/// What `tophash test` makes of its arguments, seen by a `swift` that prints its own.
@Suite struct SwiftTestArgumentsTests {
  private func test(
    _ arguments: [String], swift script: String = "#!/bin/sh\necho \"$@\"\n"
  ) throws -> Command.Result {
    let folder = try TemporaryDirectory()
    try folder.write("swift", script, mode: 0o755)
    return try BuiltTool.run(
      ["test"] + arguments, environment: ["PATH": folder.path], in: folder.path)
  }

  @Test(arguments: [
    ([], "build --build-tests", "test --skip-build"),
    (
      ["--filter", "A", "--package-path", "p", "--parallel", "--num-workers=2"],
      "build --build-tests --package-path p",
      "test --skip-build --filter A --package-path p --parallel --num-workers=2"
    ),
    (
      ["--quiet", "--", "-c", "release", "-Xcc", "-DX"],
      "build --build-tests -c release -Xcc -DX -Xswiftc -enable-testing",
      "test --skip-build -c release -Xcc -DX"
    ),
    (
      ["--configuration", "release", "--disable-testable-imports"],
      "build --build-tests --configuration release",
      "test --skip-build --configuration release --disable-testable-imports"
    ),
  ])
  func `tests are built first, and then run`(
    _ arguments: [String], _ build: String, _ test: String
  ) throws {
    let run = try self.test(arguments)
    #expect(run.output == "\(build)\n\(test)\n")
    #expect(run.end == .exited(126))
    #expect(
      run.errors
        == "tophash: error: nothing was checked: no test process ran; see above what 'swift test' says to that\n"
    )
  }

  @Test func `what is built is not built again`() throws {
    let run = try test(["--skip-build", "--filter", "A"])
    #expect(run.output == "test --skip-build --filter A\n")
  }

  @Test func `a build that fails is the end`() throws {
    let run = try test([], swift: "#!/bin/sh\necho \"$@\"\nexit 3\n")
    expect(
      run, .exited(3), output: "build --build-tests\n",
      errors: "tophash: the tests were not built, so nothing was checked\n")
  }

  @Test func `the status of tests that were not checked is theirs`() throws {
    let run = try test([], swift: "#!/bin/sh\ntest \"$1\" = build\n")
    #expect(run.end == .exited(1))
  }

  @Test func `an option of tophash comes first`() throws {
    expect(
      try test(["--filter", "A", "--runs", "5"]), .exited(64),
      errors: "tophash: error: '--runs' is an option of tophash;"
        + " write it before those of 'swift test'\n")
  }

  @Test func `there is no swift`() throws {
    let folder = try TemporaryDirectory()
    expect(
      try BuiltTool.run(["test"], environment: ["PATH": folder.path]), .exited(127),
      errors: "tophash: error: no program 'swift'; check the spelling\n")
  }
}
