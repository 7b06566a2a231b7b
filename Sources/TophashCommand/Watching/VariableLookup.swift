import TophashFindings
import TophashInspection
import TophashReports
import TophashSymbols

/// A variable that the probe can be told to watch.
struct WatchTarget {
  enum Place {
    /// The address in the image's file.
    case global(UInt64)
    /// The class's descriptor in the file; where its objects keep it, or the word of the
    /// metadata that says so.
    case property(descriptor: UInt64, offset: UInt64?, word: UInt32)
  }

  var variable: Variable
  var place: Place
  var size: Int?
  /// The image that declares it.
  var image: String

  /// How many bytes can be watched from the first one: a power of two that the place is aligned to.
  var length: Int {
    var length = 8
    let start =
      switch place {
      case .global(let address): address
      case .property(_, let offset, _): offset ?? 0
      }
    while length > max(size ?? 8, 1) || start % UInt64(length) != 0 { length /= 2 }
    return length
  }

  /// The line of the probe's file.
  func line(number: Int) -> String {
    switch place {
    case .global(let address):
      "global \(number) \(length) \(String(address, radix: 16)) \(image)"
    case .property(let descriptor, let offset, let word):
      "property \(number) \(length) \(String(descriptor, radix: 16)) \(offset.map(String.init) ?? "-1") \(word) \(image)"
    }
  }
}

/// Finds variables of a program, and of its own libraries, by the name in a report.
struct VariableLookup {
  private struct Candidate {
    var target: WatchTarget
    var isMutable: Bool

    /// A `let` whose value changes all the same, or of whose type the binary does not tell.
    var changesInPlace: Bool {
      guard let type = target.variable.type else { return true }
      return ["Atomic<", "Mutex<"].contains { type.hasPrefix($0) }
    }
  }

  private let program: String
  private var candidates: [Candidate] = []

  /// - Throws: 126 when the program cannot be read.
  init(path: String) throws(ToolError) {
    program = SmallFile.resolved(path) ?? path
    let image: ElfImage
    do throws(ElfError) {
      image = try ElfImage(path: path)
    } catch {
      throw .cannotRun("\(error)", "name the program that holds the variable with --image")
    }
    for image in LinkedProgram(image).images {
      let path = SmallFile.resolved(image.path) ?? image.path
      let declared = DeclaredVariables(image)
      for type in declared.classes {
        candidates += type.properties.map { property in
          Candidate(
            target: WatchTarget(
              variable: property.variable,
              place: .property(
                descriptor: type.descriptor, offset: property.offset, word: property.offsetWord),
              size: property.size.map(Int.init), image: path),
            isMutable: property.isMutable)
        }
      }
      candidates += declared.globals.map { global in
        Candidate(
          target: WatchTarget(
            variable: global.variable, place: .global(global.address), size: Int(global.size),
            image: path),
          isMutable: true)
      }
    }
  }

  /// The variable of that name, with or without the module, or at that address.
  ///
  /// - Throws: 127 when there is none, 64 when there are several, or it never changes.
  func find(_ word: String) throws(ToolError) -> WatchTarget {
    if word.hasPrefix("0x"), let address = UInt64(word.dropFirst(2), radix: 16) {
      return WatchTarget(
        variable: Variable(kind: .global, module: nil, name: word, type: nil),
        place: .global(address), size: 8, image: program)
    }
    let name = word.prefix { $0 != " " }
    let found = candidates.filter { candidate in
      let variable = candidate.target.variable
      return variable.name == name
        || variable.module.map { "\($0).\(variable.name)" == name } ?? false
    }
    guard let first = found.first else {
      let names = Set(candidates.map(\.target.variable.name))
      let nearest = Suggestion.nearest(to: String(name), among: names.sorted())
      throw ToolError(
        what: "'\(program.lastComponent)' declares no variable '\(name)'",
        remedy: nearest.map { "did you mean '\($0)'?" } ?? "'tophash inspect' lists them",
        code: .notFound)
    }
    guard found.count == 1 else {
      let names = found.map { "\($0.target.variable.module ?? "").\($0.target.variable.name)" }
      throw ToolError(
        what: "'\(name)' may be \(names.sorted().joined(separator: " or "))",
        remedy: "name the module, too", code: .usage)
    }
    guard first.isMutable || first.changesInPlace else {
      throw ToolError(
        what: "'\(name)' is a 'let', which nothing writes", remedy: "name a variable",
        code: .usage)
    }
    return first.target
  }
}

/// A saved JSON report, in which findings have fingerprints.
struct FingerprintLookup {
  /// True for what looks like a fingerprint.
  static func isFingerprint(_ word: String) -> Bool {
    word.wholeMatch(of: /T-[0-9a-f]{6,}/) != nil
  }

  /// The name of the variable that the finding is about.
  ///
  /// - Throws: 64 without a report, 127 when it has no such finding.
  static func name(of fingerprint: String, in report: String?) throws(ToolError) -> String {
    guard let report else {
      throw ToolError(
        what: "'\(fingerprint)' is a finding's fingerprint",
        remedy: "name the report that has it: --report FILE, from 'tophash run --reporter json'",
        code: .usage)
    }
    guard let bytes = SmallFile.bytes(at: report, limit: 64 << 20) else {
      throw ToolError(
        what: "'\(report)' cannot be read",
        remedy: "write a report with 'tophash run --reporter json'",
        code: .notFound)
    }
    let saved: Report
    do throws(TextFailure) {
      saved = try Report(saved: bytes, at: report)
    } catch {
      throw ToolError(
        what: "\(error)", remedy: "write a report with 'tophash run --reporter json'",
        code: .notFound)
    }
    guard let finding = saved.findings.first(where: { $0.fingerprint.description == fingerprint })
    else {
      throw ToolError(
        what: "'\(report)' has no finding \(fingerprint)", remedy: "it may be in another report",
        code: .notFound)
    }
    return [finding.variable.module, finding.variable.name].compactMap(\.self)
      .joined(separator: ".")
  }
}
