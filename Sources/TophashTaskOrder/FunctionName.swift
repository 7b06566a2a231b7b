import CTophashTaskOrder

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What a function is called, in few words: `Till.sell`, `closure #1 in TillTests.`two sales``.
struct FunctionName {
  let text: String

  /// `nil` when the function at `address` is none of the program's own, or of the compiler's making.
  init?(at address: UInt64) {
    guard let mangled = tophash_function_name(address) else { return nil }
    let name = String(cString: mangled)
    guard let demangled = swift_demangle(name, name.utf8.count, nil, nil, 0) else { return nil }
    defer { free(demangled) }
    self.init(String(cString: demangled))
  }

  /// Makes a demangled name short.
  init?(_ demangled: String) {
    let mark = " partial function for "
    let whole = demangled.firstRange(of: mark).map { demangled[$0.upperBound...] } ?? demangled[...]
    let name = Self.withoutFiles(whole)
    guard !name.contains("thunk"), !name.contains("partial apply") else { return nil }
    let parts = name.split(separator: " in ").compactMap(Self.short)
    guard let last = parts.last, !last.isEmpty, !last.hasPrefix("closure") else { return nil }
    text = parts.joined(separator: " in ")
  }

  /// Private names without what keeps them apart: `(sell in _0860B5…)` is `sell`.
  private static func withoutFiles(_ name: Substring) -> Substring {
    var name = name
    while let mark = name.firstRange(of: " in _"),
      let open = name[..<mark.lowerBound].lastIndex(of: "("),
      let close = name[mark.upperBound...].firstIndex(of: ")")
    {
      let inner = name[name.index(after: open)..<mark.lowerBound]
      name = name[..<open] + inner + name[name.index(after: close)...]
    }
    return name
  }

  /// A function without module and types; a closure with its number.
  private static func short(_ part: Substring) -> String? {
    if part.hasPrefix("implicit closure #") { return nil }
    if part.hasPrefix("closure #") {
      return part.split(separator: " ").prefix(2).joined(separator: " ")
    }
    let name = part.prefix { $0 != "(" && $0 != ":" && $0 != "<" }
    var words = name.split(separator: ".")
    if words.count > 1 { words.removeFirst() }
    return words.joined(separator: ".").trimmed
  }
}

extension String {
  fileprivate var trimmed: String {
    var text = self[...]
    while text.last == " " { text.removeLast() }
    return String(text)
  }
}
