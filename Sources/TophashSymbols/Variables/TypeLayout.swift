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
struct LayoutReader {
  let types: TypeReader
  private var memory: ProcessMemory { types.memory }
  private static let maximumDepth = 16

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
      guard storage == .weak || isOneWord(type, depth: depth) else { return nil }
      return .pointer
    case .metatype(let type, let isExistential):
      if isExistential { return nil }
      if case .nominal(let type) = type, type.kind == .class { return .pointer }
      return .empty
    case .existential(let protocols, let superclass, let isObject):
      return existential(protocols, isObject: isObject || superclass != nil)
    case .nominal(let type):
      switch type.kind {
      case .class: return .pointer
      case .structure: return structure(type, depth: depth)
      case .enumeration: return enumeration(type, depth: depth)
      case .protocol, .alias, .other: return imported(type)
      }
    case .parameter, .integer:
      return nil
    }
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
  /// reference and the tables. Marker protocols have no tables.
  private func existential(_ protocols: [TypeTree], isObject: Bool) -> TypeLayout? {
    let markers = ["Sendable", "Copyable", "Escapable", "BitwiseCopyable", "SendableMetatype"]
    var isObject = isObject
    var tables: UInt64 = 0
    for case .nominal(let type) in protocols {
      if markers.contains(where: { type.isNamed("Swift", $0) }) { continue }
      if type.isNamed("Swift", "Error") { return protocols.count == 1 ? .pointer : nil }
      guard let descriptor = types.descriptor(of: type), let flags = types.flags(of: descriptor)
      else { return nil }
      if flags.bits & 1 << 16 == 0 { isObject = true }
      tables += 1
    }
    return TypeLayout(size: (isObject ? 8 : 32) + 8 * tables, alignment: 8, extraInhabitants: 4096)
  }

  private func structure(_ type: NominalType, depth: Int) -> TypeLayout? {
    if let layout = imported(type) { return layout }
    guard let descriptor = types.descriptor(of: type), let fields = types.fields(at: descriptor)
    else { return nil }
    let arguments = TypeReader.arguments(of: type)
    return fields.mapAll { field in
      field.typeName.flatMap { types.type(named: $0, arguments: arguments) }
    }.flatMap { sequence($0, depth: depth) }
  }

  private func enumeration(_ type: NominalType, depth: Int) -> TypeLayout? {
    if let layout = imported(type) { return layout }
    if type.isNamed("Swift", "Optional"), let wrapped = type.path[0].arguments.first {
      return layout(of: wrapped, depth: depth + 1).map { withCases(1, payload: $0) }
    }
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
    let patterns = UInt64(1) << (bytes * 8)
    return TypeLayout(
      size: payload.size + bytes, alignment: payload.alignment,
      extraInhabitants: patterns - tags)
  }

  /// What the compiler noted about types whose fields it does not describe: those of C, and enums
  /// with several payloads. Each image notes those that its own types contain.
  private func imported(_ type: NominalType) -> TypeLayout? {
    guard let descriptor = types.descriptor(of: type),
      let image = memory.images.image(at: descriptor),
      let section = image.file.section(named: "swift5_builtin")
    else { return nil }
    let start = section.address &+ image.loaded.base
    for offset in stride(from: 0, to: min(section.size, 1 << 20), by: 20) {
      let entry = start &+ offset
      guard let name = memory.relativePointer(at: entry),
        case .nominal(let found)? = types.type(named: name), found.isSameDeclaration(as: type)
      else { continue }
      guard let size = memory.load(UInt32.self, at: entry &+ 4),
        let flags = memory.load(UInt32.self, at: entry &+ 8),
        let extraInhabitants = memory.load(UInt32.self, at: entry &+ 16)
      else { return nil }
      let alignment = UInt64(flags & 0xffff)
      guard alignment > 0, alignment & (alignment - 1) == 0 else { return nil }
      return TypeLayout(
        size: UInt64(size), alignment: alignment, extraInhabitants: UInt64(extraInhabitants))
    }
    return nil
  }
}
