/// Size and alignment of a type, as the compiler lays it out on this platform.
struct TypeLayout: Hashable {
  var size: UInt64
  var alignment: UInt64
  /// Bit patterns that are no value of the type: an enum keeps its other cases there.
  var extraInhabitants: UInt64

  static let empty = TypeLayout(size: 0, alignment: 1, extraInhabitants: 0)
  /// A reference to an object, or something as large that cannot be a low address.
  static let pointer = TypeLayout(size: 8, alignment: 8, extraInhabitants: 4096)

  /// Where the next field of that layout begins, when one of this layout is already placed.
  func offset(ofNext field: TypeLayout) -> UInt64 {
    (size + field.alignment - 1) & ~(field.alignment - 1)
  }

  /// The layout with one more field behind.
  mutating func append(_ field: TypeLayout) {
    size = offset(ofNext: field) + field.size
    alignment = max(alignment, field.alignment)
    extraInhabitants = max(extraInhabitants, field.extraInhabitants)
  }
}

/// A part of a struct or tuple.
struct LayoutField {
  var name: String
  var type: TypeTree?
  var offset: UInt64
  /// `nil` when not known.
  var size: UInt64?
}

/// Computes layouts from the descriptors of types, for types whose metadata is not at hand.
///
/// Answers `nil` where the compiler may choose in a way that this cannot follow, such as enums
/// with several payloads of their own; what they would enclose is then left unnamed.
final class LayoutReader {
  let types: TypeReader
  private var memory: ProcessMemory { types.memory }
  private static let maximumDepth = 16
  /// What was computed before; `nil` also while it is being computed, as a struct cannot hold
  /// itself.
  private var known: [NominalType: TypeLayout?] = [:]
  /// The notes of each image, by its load bias and the type's name.
  private var notes: [UInt64: [String: TypeLayout]] = [:]

  init(_ types: TypeReader) {
    self.types = types
  }

  /// The stored parts of a struct or tuple, up to the first whose place is not known.
  func fields(of type: TypeTree, depth: Int = 0) -> [LayoutField]? {
    switch type {
    case .nominal(let nominal) where nominal.kind == .structure:
      guard let descriptor = types.descriptor(of: nominal),
        let fields = types.fields(at: descriptor)
      else { return nil }
      let arguments = TypeReader.arguments(of: nominal)
      let offsets = knownOffsets(of: nominal, count: fields.count)
      return place(
        fields.map { field in
          let type = field.typeName.flatMap { types.type(named: $0, arguments: arguments) }
          return (field.name, type)
        }, offsets: offsets, depth: depth)
    case .tuple(let elements):
      return place(
        elements.enumerated().map { ($1.label ?? String($0), $1.type) }, offsets: nil, depth: depth)
    default:
      return nil
    }
  }

  private func place(
    _ parts: [(name: String, type: TypeTree?)], offsets: [UInt64]?, depth: Int
  ) -> [LayoutField] {
    var fields: [LayoutField] = []
    var whole = TypeLayout.empty
    for (index, part) in parts.enumerated() {
      let layout = part.type.flatMap { self.layout(of: $0, depth: depth + 1) }
      let offset: UInt64
      if let offsets {
        offset = offsets[index]
      } else if let layout {
        offset = whole.offset(ofNext: layout)
        whole.append(layout)
      } else {
        return fields
      }
      fields.append(
        LayoutField(name: part.name, type: part.type, offset: offset, size: layout?.size))
    }
    return fields
  }

  /// The field offset vector of a struct whose metadata is in the snapshot.
  private func knownOffsets(of type: NominalType, count: Int) -> [UInt64]? {
    guard let descriptor = type.descriptor,
      let vector = memory.load(UInt32.self, at: descriptor &+ 24)
    else { return nil }
    let metadata = memory.snapshot.pieces.lazy
      .filter { $0.kind == 3 }.map { $0.address &+ 16 }
      .first { address in
        memory.snapshot.load(UInt64.self, at: address) == MetadataReader.Kind.structure
          && memory.snapshot.load(UInt64.self, at: address &+ 8) == descriptor
          && MetadataReader(memory).type(at: address) == .nominal(type)
      }
    return metadata.flatMap { metadata in
      Array(0..<UInt64(count)).mapAll { index in
        memory.snapshot.load(
          UInt32.self, at: metadata &+ UInt64(vector) * 8 &+ index &* 4
        ).map(UInt64.init)
      }
    }
  }
}

// MARK: - Layouts

extension LayoutReader {
  /// The layout of `type`; `nil` when it cannot be told.
  func layout(of type: TypeTree, depth: Int = 0) -> TypeLayout? {
    guard depth < LayoutReader.maximumDepth, type.size <= TypeTree.maximumSize else { return nil }
    switch type {
    case .builtin(let letters):
      return builtin(letters)
    case .tuple(let elements):
      return sequence(elements.map(\.type), depth: depth)
    case .function(let type):
      return type.convention == .swift
        ? TypeLayout(size: 16, alignment: 8, extraInhabitants: 4096) : .pointer
    case .reference(let storage, let type):
      // Optional references of these kinds take no more room than the others.
      if storage == .weak { return TypeLayout(size: 8, alignment: 8, extraInhabitants: 0) }
      return isOneWord(type, depth: depth) ? .pointer : nil
    case .metatype(let type, let isExistential):
      if isExistential, case .existential(let protocols, _, _) = type {
        return witnessTables(protocols).map {
          TypeLayout(size: 8 + 8 * $0, alignment: 8, extraInhabitants: 4096)
        }
      }
      if case .nominal(let type) = type, type.kind == .class { return .pointer }
      return .empty
    case .existential(let protocols, let superclass, let isObject):
      return existential(protocols, isObject: isObject || superclass != nil)
    case .nominal(let type):
      if type.kind == .class { return .pointer }
      if let standard = standardLayout(of: type) { return standard }
      if type.isNamed("Swift", "Optional"), let wrapped = type.path[0].arguments.first {
        return layout(of: wrapped, depth: depth + 1).map { withCases(1, payload: $0) }
      }
      if let known = known[type] { return known }
      known[type] = .some(nil)
      let layout = nominal(type, depth: depth)
      known[type] = layout
      return layout
    case .parameter, .integer:
      return nil
    }
  }

  private func nominal(_ type: NominalType, depth: Int) -> TypeLayout? {
    if let layout = noted(type) { return layout }
    let computed =
      switch type.kind {
      case .structure: structure(type, depth: depth)
      case .enumeration: enumeration(type, depth: depth)
      default: nil as TypeLayout?
      }
    return computed ?? witnessed(type)
  }

  private func isOneWord(_ type: TypeTree, depth: Int) -> Bool {
    layout(of: type, depth: depth + 1)?.size == 8
  }

  private func sequence(_ types: [TypeTree], depth: Int) -> TypeLayout? {
    var whole = TypeLayout.empty
    for type in types {
      guard let layout = layout(of: type, depth: depth + 1) else { return nil }
      whole.append(layout)
    }
    return whole
  }

  private func builtin(_ letters: String) -> TypeLayout? {
    switch letters {
    case "Bo", "BO", "Bb", "Bc", "Bj": return .pointer
    case "Bp": return TypeLayout(size: 8, alignment: 8, extraInhabitants: 1)
    case "Bw": return TypeLayout(size: 8, alignment: 8, extraInhabitants: 0)
    case "BB": return TypeLayout(size: 24, alignment: 8, extraInhabitants: 0)
    case "Be": return TypeLayout(size: 16, alignment: 8, extraInhabitants: 4096)
    case "BD": return TypeLayout(size: 96, alignment: 16, extraInhabitants: 0)
    case "Bi1_": return TypeLayout(size: 1, alignment: 1, extraInhabitants: 254)
    default:
      guard letters.hasPrefix("Bi") || letters.hasPrefix("Bf"),
        let bits = UInt64(letters.dropFirst(2).dropLast())
      else { return nil }
      switch bits {
      case 8, 16, 32, 64, 128:
        return TypeLayout(size: bits / 8, alignment: bits / 8, extraInhabitants: 0)
      case 80: return TypeLayout(size: 16, alignment: 16, extraInhabitants: 0)
      default: return nil
      }
    }
  }

  /// A buffer of three words, the type, and a witness table for each protocol; of objects, only a
  /// reference and the tables.
  private func existential(_ protocols: [TypeTree], isObject: Bool) -> TypeLayout? {
    if case .nominal(let type)? = protocols.first, protocols.count == 1,
      type.isNamed("Swift", "Error")
    {
      return .pointer
    }
    guard let tables = witnessTables(protocols) else { return nil }
    var isObject = isObject
    for case .nominal(let type) in protocols where !isMarker(type) {
      guard let flags = types.descriptor(of: type).flatMap(types.flags) else { return nil }
      // The flag is set for protocols that are not only for classes.
      if flags.bits & 1 << 16 == 0 { isObject = true }
    }
    return TypeLayout(size: (isObject ? 8 : 32) + 8 * tables, alignment: 8, extraInhabitants: 4096)
  }

  private func witnessTables(_ protocols: [TypeTree]) -> UInt64? {
    protocols.mapAll { one -> UInt64? in
      guard case .nominal(let type) = one else { return nil }
      return isMarker(type) ? 0 : 1
    }?.reduce(0, +)
  }

  /// Protocols that exist for the compiler only.
  private func isMarker(_ type: NominalType) -> Bool {
    ["Sendable", "Copyable", "Escapable", "BitwiseCopyable", "SendableMetatype"]
      .contains { type.isNamed("Swift", $0) }
  }

  private func structure(_ type: NominalType, depth: Int) -> TypeLayout? {
    guard let descriptor = types.descriptor(of: type), let fields = types.fields(at: descriptor)
    else { return nil }
    let arguments = TypeReader.arguments(of: type)
    return fields.mapAll { field in
      field.typeName.flatMap { types.type(named: $0, arguments: arguments) }
    }.flatMap { sequence($0, depth: depth) }
  }

  private func enumeration(_ type: NominalType, depth: Int) -> TypeLayout? {
    guard let descriptor = types.descriptor(of: type), let cases = types.fields(at: descriptor)
    else { return nil }
    let payloads = cases.filter { $0.typeName != nil }
    let others = UInt64(cases.count - payloads.count)
    switch payloads.count {
    case 0:
      return withCases(others == 0 ? 0 : others - 1, payload: .empty)
    case 1:
      let arguments = TypeReader.arguments(of: type)
      let payload =
        payloads[0].isIndirect
        ? .pointer
        : payloads[0].typeName.flatMap { types.type(named: $0, arguments: arguments) }
          .flatMap { layout(of: $0, depth: depth + 1) }
      return payload.map { withCases(others, payload: $0) }
    default:
      return nil
    }
  }

  /// An enum with one payload: further cases use bit patterns that the payload cannot have, then
  /// bytes behind it.
  private func withCases(_ count: UInt64, payload: TypeLayout) -> TypeLayout {
    if count <= payload.extraInhabitants {
      var layout = payload
      layout.extraInhabitants -= count
      return layout
    }
    let rest = count - payload.extraInhabitants
    // Each value of the tag bytes stands for as many cases as the payload's bytes can count.
    let perTag = payload.size >= 4 ? UInt64(1) << 32 : UInt64(1) << (payload.size * 8)
    let tags = 1 + (rest + perTag - 1) / perTag
    let bytes: UInt64 = tags <= 256 ? 1 : tags <= 65536 ? 2 : 4
    // The compiler makes no use of what is left of tag bytes behind a payload.
    if payload.size > 0 {
      return TypeLayout(
        size: payload.size + bytes, alignment: payload.alignment, extraInhabitants: 0)
    }
    return TypeLayout(
      size: bytes, alignment: bytes, extraInhabitants: UInt64(1) << (bytes * 8) - tags)
  }

}

// MARK: - Layouts that were written down

extension LayoutReader {
  /// What the compiler noted about types whose fields it does not describe: those of C, and enums
  /// with several payloads. Each image notes those that its own types contain.
  private func noted(_ type: NominalType) -> TypeLayout? {
    guard let image = types.descriptor(of: type).flatMap(memory.images.image(at:)),
      let name = key(type)
    else { return nil }
    if let notes = notes[image.loaded.base] { return notes[name] }
    var notes: [String: TypeLayout] = [:]
    let section = image.file.section(named: "swift5_builtin")
    for offset in stride(from: 0, to: min(section?.size ?? 0, 1 << 20), by: 20) {
      let entry = section!.address &+ image.loaded.base &+ offset
      guard
        case .nominal(let type)? = memory.relativePointer(at: entry)
          .flatMap({ types.type(named: $0) }), let name = key(type),
        let size = memory.load(UInt32.self, at: entry &+ 4),
        let flags = memory.load(UInt32.self, at: entry &+ 8),
        let extraInhabitants = memory.load(UInt32.self, at: entry &+ 16)
      else { continue }
      notes[name] = TypeLayout(
        noted: size, alignment: flags & 0xffff, extraInhabitants: extraInhabitants)
    }
    self.notes[image.loaded.base] = notes
    return notes[name]
  }

  private func key(_ type: NominalType) -> String? {
    TypeTree.nominal(type).text(.qualified)
  }

  /// The value witness table of a type that is not generic, found by the symbol of its metadata.
  private func witnessed(_ type: NominalType) -> TypeLayout? {
    guard let descriptor = types.descriptor(of: type),
      types.flags(of: descriptor)?.isGeneric == false,
      let image = memory.images.image(at: descriptor),
      let symbol = image.file.symbol(containing: image.vaddr(descriptor)),
      symbol.value == image.vaddr(descriptor), symbol.name.hasSuffix("Mn"),
      let metadata = image.file.symbols.named(symbol.name.dropLast(2) + "N").first(
        where: \.isDefined),
      let table = memory.pointer(at: metadata.value &+ image.loaded.base &- 8),
      let size = memory.load(UInt64.self, at: table &+ 64),
      let flags = memory.load(UInt32.self, at: table &+ 80),
      let extraInhabitants = memory.load(UInt32.self, at: table &+ 84)
    else { return nil }
    let isIncomplete = flags & 0x40_0000 != 0
    guard !isIncomplete, let size = UInt32(exactly: size) else { return nil }
    return TypeLayout(
      noted: size, alignment: flags & 0xff + 1, extraInhabitants: extraInhabitants)
  }
}

extension TypeLayout {
  /// A layout from numbers that may be damaged.
  fileprivate init?(noted size: UInt32, alignment: UInt32, extraInhabitants: UInt32) {
    guard alignment.nonzeroBitCount == 1, alignment <= 1 << 16 else { return nil }
    self.init(
      size: UInt64(size), alignment: UInt64(alignment), extraInhabitants: UInt64(extraInhabitants))
  }
}

/// The types that most properties are made of. Their own module may be linked in, and stripped.
private func standardLayout(of type: NominalType) -> TypeLayout? {
  guard type.module == "Swift", type.path.count == 1 else { return nil }
  func plain(_ size: UInt64) -> TypeLayout {
    TypeLayout(size: size, alignment: size, extraInhabitants: 0)
  }
  switch type.path[0].name {
  case "Int", "UInt", "Int64", "UInt64", "Double": return plain(8)
  case "Int32", "UInt32", "Float": return plain(4)
  case "Int16", "UInt16": return plain(2)
  case "Int8", "UInt8": return plain(1)
  case "Bool": return TypeLayout(size: 1, alignment: 1, extraInhabitants: 254)
  case "Array", "ContiguousArray", "Dictionary", "Set": return .pointer
  case "String", "Character": return TypeLayout(size: 16, alignment: 8, extraInhabitants: 4096)
  case "UnsafePointer", "UnsafeMutablePointer", "UnsafeRawPointer", "UnsafeMutableRawPointer",
    "OpaquePointer":
    return TypeLayout(size: 8, alignment: 8, extraInhabitants: 1)
  default: return nil
  }
}
