extension HiddenOrder {
  /// Whether `vaddr` is that of a global atomic, of one whose type holds an atomic, or of a
  /// function of theirs.
  func isAtomicGlobal(_ vaddr: UInt64, in image: ImageSet.Image) -> Bool {
    guard let name = image.file.symbol(containing: vaddr)?.name, name.hasPrefix("$s") else {
      return false
    }
    if Self.namesAtomic(name) { return true }
    // A variable, or what gives its address: of others the type does not matter.
    guard ["vp", "vpZ", "vau", "vauZ"].contains(where: name.hasSuffix),
      let type = demangle(name)?.split(separator: " : ").last
    else { return false }
    // `App.(State in _D3F1)`, when it is private to a file.
    let path = type.split(separator: ".").map {
      $0.prefix { $0 != " " && $0 != "<" && $0 != "?" }.drop { $0 == "(" }
    }
    return atomicTypes(in: image).contains(path.joined(separator: "."))
  }

  /// Whether a mangled name speaks of an atomic of the standard library or of swift-atomics. Of a
  /// `Mutex` the locked instructions tell better.
  private static func namesAtomic(_ name: String) -> Bool {
    ["15Synchronization6Atomic", "15Synchronization19AtomicLazyReference", "7Atomics"]
      .contains(where: name.contains)
  }
}
