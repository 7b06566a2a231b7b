/// Reads type metadata: what the runtime knows about the types of a process.
struct MetadataReader {
  let types: TypeReader
  private var memory: ProcessMemory { types.memory }

  init(_ memory: ProcessMemory) {
    types = TypeReader(memory: memory)
  }

  /// Metadata kinds of the ABI.
  enum Kind {
    static let `class`: UInt64 = 0
    static let structure: UInt64 = 0x200
    static let enumeration: UInt64 = 0x201
    static let optional: UInt64 = 0x202
    static let foreignClass: UInt64 = 0x203
    static let tuple: UInt64 = 0x301
    static let function: UInt64 = 0x302
    static let existential: UInt64 = 0x303
    static let metatype: UInt64 = 0x304
    static let existentialMetatype: UInt64 = 0x306
    static let box: UInt64 = 0x400
    static let genericBox: UInt64 = 0x500
  }

  func kind(of metadata: UInt64) -> UInt64? {
    memory.load(UInt64.self, at: metadata)
  }

  /// The type that `metadata` stands for; `nil` when a part of it cannot be read.
  func type(at metadata: UInt64, depth: Int = 0) -> TypeTree? {
    guard depth < 16, metadata % 8 == 0, let kind = kind(of: metadata) else { return nil }
    func word(_ index: UInt64) -> UInt64? { memory.pointer(at: metadata &+ index &* 8) }
    func type(_ index: UInt64) -> TypeTree? {
      word(index).flatMap { self.type(at: $0, depth: depth + 1) }
    }
    switch kind {
    case Kind.class:
      return ClassMetadata(at: metadata, memory)
        .flatMap { nominalType(of: $0, depth: depth) }.map(TypeTree.nominal)
    case Kind.structure, Kind.enumeration, Kind.optional:
      return word(1).flatMap(types.nominalType(at:))
        .flatMap { bound($0, argumentsAt: metadata &+ 16, depth: depth) }.map(TypeTree.nominal)
    case Kind.foreignClass:
      return word(1).flatMap(types.nominalType(at:)).map(TypeTree.nominal)
    case Kind.tuple:
      return tuple(at: metadata, type)
    case Kind.function:
      return function(at: metadata, type)
    case Kind.existential:
      return existential(at: metadata, depth: depth)
    case Kind.metatype:
      return type(1).map { .metatype($0, isExistential: false) }
    case Kind.existentialMetatype:
      return type(1).map { .metatype($0, isExistential: true) }
    default:
      return nil
    }
  }

  /// The class with its generic arguments.
  func nominalType(of metadata: ClassMetadata, depth: Int = 0) -> NominalType? {
    guard let type = types.nominalType(at: metadata.description) else { return nil }
    guard types.flags(of: metadata.description)?.isGeneric == true else { return type }
    return metadata.membersOffset(memory).flatMap {
      bound(type, argumentsAt: metadata.address &+ $0, depth: depth)
    }
  }

  /// Puts the metadata that lie from `address` on into the type's path, as generic arguments.
  private func bound(_ type: NominalType, argumentsAt address: UInt64, depth: Int) -> NominalType? {
    guard let counts = types.parameterCounts(of: type) else { return nil }
    var type = type
    var address = address
    for (step, count) in counts.enumerated() {
      for _ in 0..<count {
        guard let argument = memory.pointer(at: address),
          let argument = self.type(at: argument, depth: depth + 1)
        else { return nil }
        type.path[step].arguments.append(argument)
        address &+= 8
      }
    }
    return type
  }

  private func tuple(at metadata: UInt64, _ type: (UInt64) -> TypeTree?) -> TypeTree? {
    guard let count = memory.load(UInt64.self, at: metadata &+ 8), count < 64 else { return nil }
    let labels = memory.pointer(at: metadata &+ 16).flatMap(memory.string(at:)) ?? ""
    let names = labels.split(separator: " ", omittingEmptySubsequences: false)
    return Array(0..<count).mapAll { index in
      let name = Int(index) < names.count ? String(names[Int(index)]) : ""
      return type(3 + 2 * index).map { TupleElement(label: name.isEmpty ? nil : name, type: $0) }
    }.map(TypeTree.tuple)
  }

  private func function(at metadata: UInt64, _ type: (UInt64) -> TypeTree?) -> TypeTree? {
    guard let flags = memory.load(UInt64.self, at: metadata &+ 8) else { return nil }
    // Differentiable functions and those with later extensions.
    guard flags & 0x8800_0000 == 0, let result = type(2) else { return nil }
    let count = flags & 0xffff
    guard count < 16, let parameters = Array(0..<count).mapAll({ type(3 + $0) }) else { return nil }
    var function = FunctionType(
      parameters: parameters.map { FunctionType.Parameter(type: $0) }, result: result)
    let conventions: [FunctionType.Convention] = [.swift, .block, .thin, .c]
    guard conventions.indices.contains(Int(flags >> 16 & 0xff)) else { return nil }
    function.convention = conventions[Int(flags >> 16 & 0xff)]
    function.isThrowing = flags & 0x0100_0000 != 0
    function.isAsync = flags & 0x2000_0000 != 0
    function.isSendable = flags & 0x4000_0000 != 0
    let hasParameterFlags = flags & 0x0200_0000 != 0
    if flags & 0x1000_0000 != 0 {
      guard let actor = type(3 + count + (hasParameterFlags ? (count + 1) / 2 : 0))
      else { return nil }
      function.globalActor = actor
    }
    if hasParameterFlags {
      for index in 0..<count {
        guard let bits = memory.load(UInt32.self, at: metadata &+ 24 &+ count * 8 &+ index * 4)
        else { return nil }
        if bits & 0x7f == 1 { function.parameters[Int(index)].modifier = "inout" }
      }
    }
    return .function(function)
  }

  private func existential(at metadata: UInt64, depth: Int) -> TypeTree? {
    guard let flags = memory.load(UInt32.self, at: metadata &+ 8),
      let count = memory.load(UInt32.self, at: metadata &+ 12), count < 16
    else { return nil }
    var place = metadata &+ 16
    var superclass: TypeTree?
    if flags & 0x4000_0000 != 0 {
      superclass = memory.pointer(at: place).flatMap { type(at: $0, depth: depth + 1) }
      if superclass == nil { return nil }
      place &+= 8
    }
    let protocols: [TypeTree]? = Array(0..<UInt64(count)).mapAll { index in
      memory.pointer(at: place &+ index &* 8)
        .flatMap { types.nominalType(at: $0 & ~1) }.map(TypeTree.nominal)
    }
    return protocols.map {
      .existential(
        protocols: $0, superclass: superclass, isObject: $0.isEmpty && flags >> 31 == 0)
    }
  }
}

/// The fixed part of a class's metadata.
struct ClassMetadata {
  var address: UInt64
  var superclass: UInt64?
  var instanceSize: UInt32
  var classSize: UInt32
  var addressPoint: UInt32
  var description: UInt64

  /// `nil` when there is no class metadata at `address`.
  init?(at address: UInt64, _ memory: ProcessMemory) {
    guard address % 8 == 0, memory.load(UInt64.self, at: address) == 0,
      let instanceSize = memory.load(UInt32.self, at: address &+ 24),
      let classSize = memory.load(UInt32.self, at: address &+ 32),
      let addressPoint = memory.load(UInt32.self, at: address &+ 36), addressPoint < classSize,
      let description = memory.pointer(at: address &+ 40),
      let flags = memory.load(UInt32.self, at: description),
      TypeReader.Flags(bits: flags).kind == TypeReader.Flags.class
    else { return nil }
    self.address = address
    superclass = memory.pointer(at: address &+ 8).flatMap { $0 == 0 ? nil : $0 }
    self.instanceSize = instanceSize
    self.classSize = classSize
    self.addressPoint = addressPoint
    self.description = description
  }

  /// Where the words begin that the class adds to those of its superclass, in bytes.
  func membersOffset(_ memory: ProcessMemory) -> UInt64? {
    guard let flags = memory.load(UInt32.self, at: description) else { return nil }
    if TypeReader.Flags(bits: flags).hasResilientSuperclass {
      // Known at run time only: they follow all that the superclass has.
      guard let superclass, let above = ClassMetadata(at: superclass, memory) else { return nil }
      return UInt64(above.classSize - above.addressPoint)
    }
    guard let positive = memory.load(UInt32.self, at: description &+ 28),
      let members = memory.load(UInt32.self, at: description &+ 32), members <= positive
    else { return nil }
    return UInt64(positive - members) * 8
  }

  /// The offsets in an instance of the fields that the class itself declares.
  func fieldOffsets(_ memory: ProcessMemory) -> [UInt64]? {
    guard let flags = memory.load(UInt32.self, at: description),
      let count = memory.load(UInt32.self, at: description &+ 36), count <= 4096,
      let vector = memory.load(UInt32.self, at: description &+ 40)
    else { return nil }
    var start = address &+ UInt64(vector) * 8
    if TypeReader.Flags(bits: flags).hasResilientSuperclass {
      guard let members = membersOffset(memory) else { return nil }
      start &+= members
    }
    return Array(0..<UInt64(count)).mapAll { memory.load(UInt64.self, at: start &+ $0 &* 8) }
  }
}
