import TophashFindings
import TophashSymbols

extension Finding {
  /// Ways to repair the program, the smallest change first, each with what it costs.
  package var advice: [String] {
    let path = variable.writtenPath
    let property = variable.isPlace ? "it" : "'\(path.last ?? "")'"
    switch variable.kind {
    case .classProperty:
      let type = path.first ?? "the class"
      return [
        "guard every use of \(property), reads too, with one lock"
          + " (a Mutex around the value leaves no way past it)",
        "or make \(type) an actor: no lock to forget, but callers must await",
      ]
    case .actorProperty:
      return [
        "reach \(property) only from within its actor: remove 'nonisolated(unsafe)',"
          + " and hold no inout access of it across an await"
      ]
    case .global, .staticProperty:
      return [
        "put \(property) into a Mutex, so that every use, reads too, takes its lock",
        "or isolate it to a global actor: no lock to forget, but callers must await",
      ]
    case .capturedVariable:
      return [
        "return results from the closures and combine them in one place, or put the variable"
          + " into a Mutex before the closures share it"
      ]
    case .storage:
      return [
        "let each side have a part of its own, or values of its own that are combined in one place",
        "or guard every use of the variable, reads too, with one lock",
      ]
    case .unknown:
      return ["guard every use of it, reads too, with one lock, or move it into an actor"]
    }
  }
}

extension Variable {
  /// Type and property as one would write them: without generic arguments, which may hold dots,
  /// and without what tells where within a function or a value it lies.
  fileprivate var writtenPath: [String] {
    var text = name[...]
    if text.hasPrefix("inside ") { text = text.dropFirst("inside ".count) }
    if let context = text.firstRange(of: " in ") { text = text[..<context.lowerBound] }
    return Fingerprint.withoutGenericArguments(text).split(separator: ".").map(String.init)
  }
}
