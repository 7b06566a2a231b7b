import TophashSymbols

/// The declared variables of an image, to be found by place.
struct VariableTable {
  /// By full name.
  let classes: [String: DeclaredClass]
  let globals: [DeclaredGlobal]
  let typeNames: Set<String>
  private let metadata: [UInt64: String]
  private let symbols: [String: UInt64]

  init(_ declared: DeclaredVariables) {
    classes = Dictionary(
      declared.classes.map { ($0.qualifiedName, $0) }, uniquingKeysWith: { first, _ in first })
    globals = declared.globals
    typeNames = declared.typeNames
    let names = Dictionary(
      declared.classes.map { ($0.descriptor, $0.qualifiedName) }, uniquingKeysWith: { $1 })
    metadata = declared.metadata.compactMapValues { names[$0] }
    symbols = Dictionary(
      declared.globals.map { ($0.symbol, $0.address) }, uniquingKeysWith: { first, _ in first })
  }

  func className(ofMetadata address: UInt64) -> String? { metadata[address] }

  func address(ofGlobal symbol: String) -> UInt64? { symbols[symbol] }

  func global(at address: UInt64) -> DeclaredGlobal? {
    var low = 0
    var high = globals.count
    while low < high {
      let middle = (low + high) / 2
      if globals[middle].address <= address { low = middle + 1 } else { high = middle }
    }
    guard low > 0, address - globals[low - 1].address < globals[low - 1].size else { return nil }
    return globals[low - 1]
  }

  /// The property, declared by the class or one above it, that the offset lies in.
  func property(at offset: Int64, of name: String) -> DeclaredProperty? {
    guard offset >= 16 else { return nil }
    let offset = UInt64(offset)
    var next: String? = name
    for _ in 0..<64 {
      guard let type = next.flatMap({ classes[$0] }) else { return nil }
      let candidate = type.properties.filter { ($0.offset ?? .max) <= offset }
        .max { $0.offset! < $1.offset! }
      if let candidate, offset - candidate.offset! < max(candidate.size ?? .max, 1) {
        return candidate
      }
      // Behind a value whose size depends on generic arguments there may be just one more.
      let unplaced = type.properties.filter { $0.offset == nil }
      if type.superclass == nil, unplaced.count == 1 { return unplaced[0] }
      next = type.superclass
    }
    return nil
  }
}

/// Modules that come with the toolchain: their variables are not the reader's.
enum ToolchainModules {
  static func contains(_ module: String?) -> Bool {
    Frame(
      address: 0, image: nil, offset: 0, symbol: nil, function: "", module: module, location: nil,
      isInlined: false
    ).origin == .standardLibrary
  }
}
