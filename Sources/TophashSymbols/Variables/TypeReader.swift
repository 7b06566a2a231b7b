/// Reads type descriptors and field descriptors: what the compiler wrote down about declared types.
///
/// Everything may be damaged, or may not be there: answers are `nil` then, and depth is bounded.
struct TypeReader {
  let memory: ProcessMemory

  /// Flags of a context descriptor.
  struct Flags {
    var bits: UInt32
    var kind: UInt32 { bits & 0x1f }
    var isGeneric: Bool { bits & 0x80 != 0 }
    var isActor: Bool { kind == Flags.class && bits & 1 << 23 != 0 }
    var hasResilientSuperclass: Bool { bits & 1 << 29 != 0 }

    static let module: UInt32 = 0
    static let `extension`: UInt32 = 1
    static let anonymous: UInt32 = 2
    static let `protocol`: UInt32 = 3
    static let `class`: UInt32 = 16
    static let structure: UInt32 = 17
    static let enumeration: UInt32 = 18
  }

  func flags(of descriptor: UInt64) -> Flags? {
    memory.load(UInt32.self, at: descriptor).map(Flags.init)
  }
}

// MARK: - Declared types

extension TypeReader {
  private enum Context {
    case module(String)
    case type(NominalType)
  }

  /// The type that `descriptor` describes, without generic arguments.
  func nominalType(at descriptor: UInt64) -> NominalType? {
    guard case .type(let type)? = context(at: descriptor, depth: 0) else { return nil }
    return type
  }

  private func context(at descriptor: UInt64, depth: Int) -> Context? {
    guard depth < TypeTree.maximumDepth, descriptor % 4 == 0, let flags = flags(of: descriptor)
    else { return nil }
    let parent = { () -> Context? in
      switch memory.indirectablePointer(at: descriptor &+ 4) {
      case .address(let address)?: context(at: address, depth: depth + 1)
      case .symbol(let symbol)?: context(symbol: symbol)
      case nil: nil
      }
    }
    let name = { memory.relativePointer(at: descriptor &+ 8).flatMap(memory.string(at:)) }

    let kind: NominalType.Kind
    switch flags.kind {
    case Flags.module: return name().map(Context.module)
    case Flags.anonymous: return parent()
    case Flags.extension: return extensionContext(at: descriptor, in: parent(), depth: depth)
    case Flags.class: kind = .class
    case Flags.structure: kind = .structure
    case Flags.enumeration: kind = .enumeration
    case Flags.protocol: kind = .protocol
    default: return nil
    }
    guard let name = name(), !name.isEmpty, let parent = parent() else { return nil }
    let step = NominalType.Component(name: name)
    switch parent {
    case .module(let module):
      return .type(
        NominalType(kind: kind, module: module, path: [step], descriptor: descriptor))
    case .type(let outer):
      return .type(
        NominalType(
          kind: kind, module: outer.module, declaringModule: outer.declaringModule,
          path: outer.path + [step], descriptor: descriptor))
    }
  }

  /// A type nested in an extension is declared by the module of the extension.
  private func extensionContext(
    at descriptor: UInt64, in parent: Context?, depth: Int
  ) -> Context? {
    guard case .module(let module)? = parent,
      let name = memory.relativePointer(at: descriptor &+ 8),
      case .nominal(var type)? = self.type(named: name, depth: depth + 1)
    else { return nil }
    type.declaringModule = module
    for step in type.path.indices { type.path[step].arguments = [] }
    return .type(type)
  }

  /// The context that a symbol of an absent image describes: `$sSDMn`.
  private func context(symbol: String) -> Context? {
    for suffix in ["Mn", "Mp"] where symbol.hasPrefix("$s") && symbol.hasSuffix(suffix) {
      let name = Array(symbol.utf8.dropFirst(2).dropLast(2))
      if case .nominal(let type)? = TypeDemangler.type(name) { return .type(type) }
    }
    return nil
  }

  /// The type whose mangled name lies at `address`, its generic parameters replaced by
  /// `arguments`.
  func type(named address: UInt64, arguments: [[TypeTree]] = [], depth: Int = 0) -> TypeTree? {
    guard depth < TypeTree.maximumDepth, let name = memory.typeName(at: address) else { return nil }
    let type = TypeDemangler.type(name, at: address) { kind, target in
      reference(kind, target, depth: depth + 1).map(TypeTree.nominal)
    }
    return arguments.isEmpty ? type : type?.substituting(arguments)
  }

  private func reference(_ kind: UInt8, _ target: UInt64, depth: Int) -> NominalType? {
    var found: Context?
    if kind == 1 {
      found = context(at: target, depth: depth)
    } else {
      switch memory.target(at: target) {
      case .address(let address)?: found = context(at: address, depth: depth)
      case .symbol(let symbol)?: found = context(symbol: symbol)
      case nil: found = nil
      }
    }
    guard case .type(let type)? = found else { return nil }
    return type
  }

  /// The descriptor of a type that was reached by name: its own, or that of its symbol.
  func descriptor(of type: NominalType) -> UInt64? {
    type.descriptor
      ?? TypeDemangler.descriptorSymbol(of: type).flatMap(memory.images.definition(of:))
  }
}

// MARK: - Generic parameters

extension TypeReader {
  /// How many generic parameters each step of the type's path adds; `nil` when some of them are
  /// not plain types, as packs and values are not, or have no place among the arguments.
  func parameterCounts(of type: NominalType) -> [Int]? {
    var counts = [Int](repeating: 0, count: type.path.count)
    guard var descriptor = type.descriptor else { return nil }
    var step = type.path.count - 1
    var inner: Int?
    // From the type outwards. Each step counts the parameters of all that enclose it, too.
    for _ in 0..<TypeTree.maximumDepth {
      guard step >= 0, let flags = flags(of: descriptor) else { break }
      let isType = flags.kind >= Flags.class && flags.kind <= Flags.enumeration
      if isType {
        guard let total = parameterCount(at: descriptor, flags) else { return nil }
        if let inner {
          guard inner >= total else { return nil }
          counts[step + 1] = inner - total
        }
        inner = total
        step -= 1
      }
      guard let parent = enclosingDescriptor(of: descriptor, flags) else { break }
      descriptor = parent
    }
    if let inner { counts[step + 1] = inner }
    return counts
  }

  /// Of an extension, what it extends.
  private func enclosingDescriptor(of descriptor: UInt64, _ flags: Flags) -> UInt64? {
    if flags.kind == Flags.extension {
      guard let name = memory.relativePointer(at: descriptor &+ 8),
        case .nominal(let type)? = type(named: name)
      else { return nil }
      return self.descriptor(of: type)
    }
    guard case .address(let parent)? = memory.indirectablePointer(at: descriptor &+ 4)
    else { return nil }
    return parent
  }

  private func parameterCount(at descriptor: UInt64, _ flags: Flags) -> Int? {
    guard flags.isGeneric else { return 0 }
    let header = descriptor &+ (flags.kind == Flags.class ? 44 : 28)
    guard let count = memory.load(UInt16.self, at: header &+ 8), count <= 64 else { return nil }
    for index in 0..<UInt64(count) {
      // A type parameter that has a key argument.
      guard memory.load(UInt8.self, at: header &+ 16 &+ index) == 0x80 else { return nil }
    }
    return Int(count)
  }
}

// MARK: - Fields

extension TypeReader {
  /// A stored property, or a case of an enum.
  struct Field {
    var name: String
    /// Where its mangled type lies; `nil` for a case without payload.
    var typeName: UInt64?
    var isIndirect: Bool
    /// False for a `let`.
    var isMutable: Bool
    /// Stored as an optional of the type that was declared.
    var isLazy: Bool
  }

  /// The fields that the type declares itself; `nil` without reflection metadata.
  func fields(at descriptor: UInt64) -> [Field]? {
    guard let table = memory.relativePointer(at: descriptor &+ 16),
      let recordSize = memory.load(UInt16.self, at: table &+ 10), recordSize >= 12,
      let count = memory.load(UInt32.self, at: table &+ 12), count <= 4096
    else { return nil }
    return Array(0..<UInt64(count)).mapAll { index in
      let record = table &+ 16 &+ index &* UInt64(recordSize)
      guard let flags = memory.load(UInt32.self, at: record),
        let name = memory.relativePointer(at: record &+ 8).flatMap(memory.string(at:))
      else { return nil }
      let isLazy = name.hasPrefix(lazyPrefix)
      return Field(
        name: isLazy ? String(name.dropFirst(lazyPrefix.count)) : name,
        typeName: memory.relativePointer(at: record &+ 4), isIndirect: flags & 1 != 0,
        isMutable: flags & 2 != 0, isLazy: isLazy)
    }
  }

  /// Generic arguments of a type, one list for each depth at which parameters are declared.
  static func arguments(of type: NominalType) -> [[TypeTree]] {
    type.path.map(\.arguments).filter { !$0.isEmpty }
  }
}

/// How the compiler names the storage of a `lazy` property.
private let lazyPrefix = "$__lazy_storage_$_"
