/// The arguments of `swift test`, and what they are to the commands that stand behind it.
struct SwiftTestArguments {
  /// As they were written, without a `--` before them.
  let words: [String]

  /// - Parameter words: What was written behind `tophash`'s own options.
  init(_ words: [String]) {
    self.words = words.first == "--" ? Array(words.dropFirst()) : words
  }

  /// Whether somebody has built the tests already.
  var skipsBuild: Bool { words.contains("--skip-build") }

  /// The tests, without building them again: that was done without the probe.
  var testCommand: [String] {
    ["swift", "test"] + (skipsBuild ? [] : ["--skip-build"]) + words
  }

  /// What builds the same tests: all but the options that `swift build` does not have.
  ///
  /// Of a release build `swift test` asks for testable modules by itself, and `swift build` does not.
  var buildCommand: [String] {
    var command = ["swift", "build", "--build-tests"]
    var rest = words[...]
    while let word = rest.popFirst() {
      let name = word.prefix { $0 != "=" }
      switch Self.testOptions[String(name)] {
      case nil: command.append(word)
      case .flag?: break
      case .value?: if name == word { _ = rest.popFirst() }
      }
    }
    if isRelease, !words.contains("--disable-testable-imports") {
      command += ["-Xswiftc", "-enable-testing"]
    }
    return command
  }

  private var isRelease: Bool {
    words.contains("--configuration=release") || words.contains("-crelease")
      || zip(words, words.dropFirst()).contains {
        ["-c", "--configuration"].contains($0) && $1 == "release"
      }
  }

  private enum Arity { case flag, value }

  /// Options that `swift test` has and `swift build` has not, as `--help-hidden` of both says.
  private static let testOptions: [String: Arity] = [
    "--skip-build": .flag, "--parallel": .flag, "--no-parallel": .flag, "--num-workers": .value,
    "--list-tests": .flag, "-l": .flag, "--filter": .value, "--skip": .value,
    "--specifier": .value, "-s": .value, "--test-product": .value, "--xunit-output": .value,
    "--attachments-path": .value, "--configuration-path": .value,
    "--event-stream-output-path": .value, "--event-stream-version": .value,
    "--experimental-maximum-parallelization-width": .value,
    "--experimental-xunit-message-failure": .flag, "--show-codecov-path": .flag,
    "--show-code-coverage-path": .flag, "--show-coverage-path": .flag, "--test-output": .value,
    "--enable-testable-imports": .flag, "--disable-testable-imports": .flag,
  ]
}
