import CTophashProtocol

/// Names the variable at an address of the checked process, as a reader of its source would.
///
/// Needs no debug information and no symbols for properties, only the reflection metadata that
/// the compiler keeps in release builds and `strip` leaves in place. Globals need a symbol table.
///
///     let namer = VariableNamer(images: images)
///     let variable = namer.variable(at: conflict.address, snapshot: snapshot)
///     // Inventory.stock : [String: Int]
package struct VariableNamer: Sendable {
  private let images: ImageSet

  /// Takes the images of one process.
  ///
  /// - Parameters:
  ///   - images: Where the process had which file. Files are opened when first needed.
  ///   - cache: Opened images, to share with others who read them.
  package init(images: [LoadedImage], cache: ElfImageCache = ElfImageCache()) {
    self.images = ImageSet(images, cache: cache)
  }

  /// The variable at `address`, of which the probe took `snapshot`.
  ///
  /// Always answers: what cannot be told is `nil` or `unknown` in the result. Never trusts the
  /// snapshot, which may come from a corrupted heap.
  package func variable(at address: UInt64, snapshot: [UInt8]) -> Variable {
    let memory = ProcessMemory(images: images, snapshot: SnapshotMemory(snapshot))
    let reader = MetadataReader(memory)
    return global(at: address, reader, onlyNamed: true)
      ?? property(at: address, reader)
      ?? captured(at: address, reader)
      ?? global(at: address, reader, onlyNamed: false)
      ?? unknown(reader)
  }

  /// The variable that refers to the storage object at `address`, of which the probe took
  /// `snapshot`: its type, since nothing leads from there to the variable.
  package func storage(at address: UInt64, snapshot: [UInt8]) -> Variable {
    let memory = ProcessMemory(images: images, snapshot: SnapshotMemory(snapshot))
    let reader = MetadataReader(memory)
    let metadata = memory.snapshot.load(UInt64.self, at: address)
    let type = metadata.flatMap { reader.type(at: $0) }
    return Variable(
      kind: .storage, name: "storage", type: type.map { Self.collection(of: $0) ?? $0 })
  }

  private func unknown(_ reader: MetadataReader) -> Variable {
    Variable(kind: .unknown, name: "unknown variable", type: storedType(reader))
  }
}

extension Variable {
  /// A variable of a type that may not be known.
  fileprivate init(kind: Kind, module: String? = nil, name: String, type: TypeTree?) {
    self.init(
      kind: kind, module: module, name: name, type: type?.text(.source),
      qualifiedType: type?.text(.qualified))
  }
}

// MARK: - Properties

extension VariableNamer {
  private func object(_ reader: MetadataReader) -> (address: UInt64, metadata: UInt64)? {
    guard let address = reader.types.memory.snapshot.address(of: TOPHASH_SNAPSHOT_OBJECT),
      let metadata = reader.types.memory.snapshot.load(UInt64.self, at: address)
    else { return nil }
    return (address, metadata)
  }

  private func property(at address: UInt64, _ reader: MetadataReader) -> Variable? {
    guard let object = object(reader), address >= object.address else { return nil }
    let memory = reader.types.memory
    let offset = address - object.address
    var place: UInt64? = object.metadata
    // From the object's own class up to the one that declares the property.
    for _ in 0..<TypeTree.maximumDepth {
      guard let metadata = place.flatMap({ ClassMetadata(at: $0, memory) }),
        offset < metadata.instanceSize
      else { return nil }
      if let found = property(at: offset, in: metadata, reader) { return found }
      place = metadata.superclass
    }
    return nil
  }

  /// The property of that very class that the offset lies in.
  private func property(
    at offset: UInt64, in metadata: ClassMetadata, _ reader: MetadataReader
  ) -> Variable? {
    let memory = reader.types.memory
    guard let offsets = metadata.fieldOffsets(memory), let first = offsets.min(), offset >= first,
      let index = offsets.indices.filter({ offsets[$0] <= offset })
        .max(by: { offsets[$0] < offsets[$1] })
    else { return nil }
    let flags = reader.types.flags(of: metadata.description)
    let isActor = flags?.isActor == true
    // Without its arguments a generic class has no name in full, but still one.
    let type =
      reader.nominalType(of: metadata) ?? reader.types.nominalType(at: metadata.description)
    guard let type else { return nil }
    // Without reflection metadata the property has a place, but no name.
    var inside = Interior(
      path: ["property \(index + 1)"], type: nil, offset: offset - offsets[index])
    if let declared = reader.types.fields(at: metadata.description),
      declared.count == offsets.count
    {
      inside.path = [declared[index].name]
      inside.isLazy = declared[index].isLazy
      inside.type = declared[index].typeName.flatMap {
        reader.types.type(named: $0, arguments: TypeReader.arguments(of: type))
      }
    }
    return named(
      inside, kind: isActor ? .actorProperty : .classProperty,
      module: type.declaringModule ?? type.module,
      prefix: type.sourceName ?? type.path.map(\.name).joined(separator: "."), reader)
  }
}

// MARK: - Parts of a value

/// A place within a variable.
private struct Interior {
  var path: [String]
  var type: TypeTree?
  /// How far it lies from the beginning of what `path` names.
  var offset: UInt64
  /// Whether `type` is the storage of a `lazy` property.
  var isLazy = false
}

extension VariableNamer {
  /// Follows the fields of structs and the elements of tuples, as far as their places are known.
  ///
  /// An access to a first field has the same address as one to the whole, and gets its name.
  private func descend(_ place: Interior, _ reader: MetadataReader) -> Interior {
    let layouts = LayoutReader(reader.types)
    var place = place
    while place.offset > 0, place.path.count < 16, let type = place.type,
      let field = layouts.fields(of: type)?.last(where: { $0.offset <= place.offset }),
      let size = field.size, place.offset - field.offset < size
    {
      place = Interior(
        path: place.path + [field.name], type: field.type, offset: place.offset - field.offset)
    }
    return place
  }

  private func named(
    _ place: Interior, kind: Variable.Kind, module: String?, prefix: String?,
    _ reader: MetadataReader
  ) -> Variable {
    let found = descend(place, reader)
    if let size = place.type.flatMap({ LayoutReader(reader.types).layout(of: $0)?.size }),
      place.offset >= max(size, 1)
    {
      // Padding, or a variable that nothing describes.
      return unknown(reader)
    }
    let name = ([prefix].compactMap(\.self) + found.path).joined(separator: ".")
    return Variable(
      kind: kind, module: module, name: found.offset > 0 ? "inside \(name)" : name,
      type: found.type?.text(.source) == nil && found.offset == 0
        ? storedType(reader) : found.isLazy ? found.type?.unwrapped : found.type)
  }
}

// MARK: - Captured variables

extension VariableNamer {
  private func captured(at address: UInt64, _ reader: MetadataReader) -> Variable? {
    guard let object = object(reader), address >= object.address,
      let kind = reader.kind(of: object.metadata)
    else { return nil }
    let memory = reader.types.memory
    let offset = address - object.address
    guard let first = memory.load(UInt32.self, at: object.metadata &+ 8), offset >= first
    else { return nil }
    var place = Interior(
      path: ["captured variable"], type: nil, offset: offset - UInt64(first))
    switch kind {
    case MetadataReader.Kind.box:
      let types =
        memory.pointer(at: object.metadata &+ 16).flatMap { captures(at: $0, reader) } ?? []
      if types.isEmpty { break }
      guard let found = capture(at: offset, from: UInt64(first), types, reader) else { return nil }
      place = Interior(path: place.path, type: types[found.index], offset: found.offset)
    case MetadataReader.Kind.genericBox:
      place.type = memory.pointer(at: object.metadata &+ 16).flatMap { reader.type(at: $0) }
    default:
      return nil
    }
    if place.type == nil, place.offset > 0 { return nil }
    return named(place, kind: .capturedVariable, module: nil, prefix: nil, reader)
  }

  /// The types that a box's description lists; an unreadable one is `nil`.
  private func captures(at description: UInt64, _ reader: MetadataReader) -> [TypeTree?] {
    let memory = reader.types.memory
    guard let count = memory.load(UInt32.self, at: description), count < 256,
      let bindings = memory.load(UInt32.self, at: description &+ 8), bindings == 0
    else { return [] }
    return (0..<UInt64(count)).map { index in
      memory.relativePointer(at: description &+ 12 &+ index * 4)
        .flatMap { reader.types.type(named: $0) }
    }
  }

  /// Which of the captures, laid out one after the other, holds the offset.
  private func capture(
    at offset: UInt64, from first: UInt64, _ types: [TypeTree?], _ reader: MetadataReader
  ) -> (index: Int, offset: UInt64)? {
    let layouts = LayoutReader(reader.types)
    var whole = TypeLayout(size: first, alignment: 8, extraInhabitants: 0)
    for (index, type) in types.enumerated() {
      guard let layout = type.flatMap({ layouts.layout(of: $0) }) else {
        // Of unknown size: only its beginning, and only that of the first, is certain.
        return index == 0 && offset == first ? (0, 0) : nil
      }
      let start = whole.offset(ofNext: layout)
      if offset >= start, offset < start + max(layout.size, 1) { return (index, offset - start) }
      whole.append(layout)
    }
    return nil
  }
}

// MARK: - Globals

extension VariableNamer {
  private func global(
    at address: UInt64, _ reader: MetadataReader, onlyNamed: Bool
  ) -> Variable? {
    guard let image = images.image(at: address) else { return nil }
    let vaddr = image.vaddr(address)
    let symbol = image.file.symbol(containing: vaddr).flatMap { $0.kind == .object ? $0 : nil }
    if let symbol, let variable = TypeDemangler.variable(symbol: symbol.name) {
      return named(
        Interior(path: [variable.name], type: variable.type, offset: vaddr - symbol.value),
        kind: variable.context == nil ? .global : .staticProperty, module: variable.module,
        prefix: variable.context?.sourceName, reader)
    }
    guard !onlyNamed, image.file.addressRange?.contains(vaddr) == true else { return nil }
    let type = storedType(reader)
    if let symbol, symbol.value == vaddr {
      let name = demangle(symbol.name).map(Self.withoutType) ?? symbol.name
      return Variable(kind: .global, name: name, type: type)
    }
    let file = image.loaded.path.split(separator: "/").last.map(String.init) ?? image.loaded.path
    return Variable(kind: .global, name: "\(file)+0x\(String(vaddr, radix: 16))", type: type)
  }
}

extension VariableNamer {
  /// Of a variable declared inside a function, `static count : Int in Local #1 in App.run()`, what
  /// does not depend on its type: `count in Local #1 in App.run()`.
  private static func withoutType(_ demangled: String) -> String {
    let text = demangled.hasPrefix("static ") ? demangled.dropFirst(7) : demangled[...]
    guard let type = text.firstRange(of: " : "),
      let context = text[type.upperBound...].firstRange(of: " in ")
    else { return String(text) }
    return String(text[..<type.lowerBound] + text[context.lowerBound...])
  }
}

// MARK: - Types by storage

extension VariableNamer {
  /// The type that the variable's value gives away: collections refer to a storage object, and
  /// the runtime knows what that was made for. Empty collections share storage without a type.
  private func storedType(_ reader: MetadataReader) -> TypeTree? {
    let memory = reader.types.memory
    guard let value = memory.snapshot.address(of: TOPHASH_SNAPSHOT_VALUE),
      let storage = memory.snapshot.address(of: TOPHASH_SNAPSHOT_STORAGE),
      let first = memory.snapshot.load(UInt64.self, at: value),
      let metadata = memory.snapshot.load(UInt64.self, at: storage),
      let collection = reader.type(at: metadata).flatMap(Self.collection(of:))
    else { return nil }
    // A native string: flags in the highest bits of the first word, the storage in the second.
    let isString = collection == .swift("String")
    let refers = isString ? first >> 61 & 1 == 1 : first & 0x00ff_ffff_ffff_fff8 == storage
    return refers ? collection : nil
  }

  /// The collection whose storage a class is; `nil` for other classes.
  private static func collection(of storage: TypeTree) -> TypeTree? {
    guard case .nominal(let type) = storage, type.module == "Swift", type.path.count == 1
    else { return nil }
    let arguments = type.path[0].arguments
    switch (type.path[0].name, arguments.count) {
    case ("_DictionaryStorage", 2): return .swift("Dictionary", arguments)
    case ("_SetStorage", 1): return .swift("Set", arguments)
    case ("_ContiguousArrayStorage", 1): return .swift("Array", arguments)
    case ("__StringStorage", _): return .swift("String")
    default: return nil
    }
  }
}
