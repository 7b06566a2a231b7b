/// An end of `tophash` that is not the program's own: one line, and a documented exit code.
struct ToolError: Error, Equatable {
  /// What happened, in a few words.
  var what: String
  /// What the reader can do now.
  var remedy: String
  var code: ExitStatus

  /// `<what>; <remedy>`: what follows `tophash: error: `. Whatever was quoted, it is one line.
  var line: String {
    "\(what); \(remedy)".unicodeScalars.map { scalar in
      scalar.properties.generalCategory == .control
        ? scalar.escaped(asASCII: false) : String(scalar)
    }.joined()
  }
}

extension ToolError {
  /// A mistake on the command line, from the words of the argument parser.
  ///
  /// - Parameters:
  ///   - message: one sentence or two, of which the second says what to do.
  ///   - help: the parser's long form, which quotes the command that shows the right help.
  init(usage message: String, help: String) {
    let command = help.split(separator: "'").last { $0.hasSuffix(" --help") } ?? "tophash --help"
    let oneLine = message.split { $0 == " " || $0 == "\n" }.joined(separator: " ")
    let sentences = oneLine.split(separator: ". ").map { sentence in
      let sentence = sentence.last == "." ? sentence.dropLast() : sentence
      return sentence.prefix(1).lowercased() + sentence.dropFirst()
    }
    self.init(
      what: sentences.first ?? message,
      remedy: sentences.count > 1 ? sentences[1] : "see '\(command)'",
      code: .usage)
  }
}

/// How `tophash` ends when it does not end as the program did.
enum ExitStatus: Int32, Equatable {
  case usage = 64
  /// A file that was given to the tool, such as a configuration, is not what it should be.
  case wrongFile = 65
  case findings = 66
  case toolFailed = 70
  /// A replay failed, but not as its schedule says.
  case otherFailure = 75
  case cannotRun = 126
  case notFound = 127
}
