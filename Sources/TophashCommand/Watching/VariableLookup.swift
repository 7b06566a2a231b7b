import TophashFindings
import TophashInspection
import TophashReports
import TophashSymbols

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

  /// What a name stands for: a variable, with or without its module; what is at an address; or an
  /// entry of the dictionary that a variable holds.
  ///
  /// - Throws: 127 when there is none, 64 when there are several, or it never changes.
  func find(_ word: String) throws(ToolError) -> WatchTarget {
    guard let entry = try WatchedEntry(word) else { return try variable(word, isEntry: false) }
    if entry.variable == WatchedEntry.anyDictionary {
      return entry.target(
        in: WatchTarget(
          variable: Variable(kind: .unknown, module: nil, name: entry.variable, type: nil),
          place: .any, size: nil, image: program))
    }
    let holder = try variable(entry.variable, isEntry: true)
    try entry.check(holder.variable)
    return entry.target(in: holder)
  }

  /// The variable that a finding is about: by its name, else by the places that access it.
  ///
  /// - Throws: 126 for one of which the places say nothing.
  func find(_ finding: Finding) throws(ToolError) -> WatchTarget {
    let name = [finding.variable.module, finding.variable.name].compactMap(\.self)
      .joined(separator: ".")
    if finding.variable.kind != .capturedVariable, let named = try? variable(name, isEntry: false) {
      return named
    }
    guard finding.variable.kind != .storage else {
      throw .cannotRun(
        "of the variable in \(finding.fingerprint) nothing is known but its storage, which has no fixed place",
        "watch the variable of the program that refers to it, by name")
    }
    let sites = finding.sides.compactMap(\.stack.first)
    guard let image = sites.first?.image else {
      throw .cannotRun(
        "the places of \(finding.fingerprint) lie in no file", "watch the variable by its name")
    }
    return WatchTarget(
      variable: finding.variable,
      place: .accesses(Set(sites.filter { $0.image == image }.map(\.offset)).sorted()),
      size: finding.variable.type.flatMap(Self.size), image: SmallFile.resolved(image) ?? image)
  }

  /// Of types that are smaller than 8 bytes.
  private static func size(_ type: String) -> Int? {
    switch type {
    case "Bool", "Int8", "UInt8": 1
    case "Int16", "UInt16": 2
    case "Int32", "UInt32", "Float": 4
    default: nil
    }
  }

  private func variable(_ word: String, isEntry: Bool) throws(ToolError) -> WatchTarget {
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
    guard first.isMutable || first.changesInPlace || isEntry else {
      throw ToolError(
        what: "'\(name)' is a 'let', which nothing writes", remedy: "name a variable",
        code: .usage)
    }
    return first.target
  }
}
