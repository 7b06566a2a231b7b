/// The stored variables that an image declares, whether a program runs or not.
///
/// Properties come from reflection metadata, which `strip` leaves in place; globals from symbols.
package struct DeclaredVariables: Sendable {
  package private(set) var classes: [DeclaredClass] = []
  package private(set) var globals: [DeclaredGlobal] = []
  /// Full names of all types declared here, so that a method's own type can be told.
  package private(set) var typeNames: Set<String> = []
  /// Class descriptors by the address of static metadata.
  package private(set) var metadata: [UInt64: UInt64] = [:]

  /// Reads all type descriptors and symbols of `image`. O(n) in their number.
  package init(_ image: ElfImage) {
    let range = image.addressRange ?? 0..<0
    let loaded = LoadedImage(path: image.path, base: 0, range: range)
    let images = ImageSet([loaded], cache: ElfImageCache([image.path: image]))
    // Each type gets its own allowance of reads: a damaged one does not use up that of others.
    func reader() -> MetadataReader {
      MetadataReader(ProcessMemory(images: images, snapshot: SnapshotMemory([])))
    }
    let descriptors = Self.typeDescriptors(of: image)
    let classMetadata = Self.classMetadata(of: image, descriptors: Set(descriptors))
    for (descriptor, addresses) in classMetadata {
      for address in addresses { metadata[address] = descriptor }
    }
    for descriptor in descriptors {
      let reader = reader()
      guard let type = reader.types.nominalType(at: descriptor) else { continue }
      typeNames.insert(type.qualifiedName)
      guard let flags = reader.types.flags(of: descriptor), flags.kind == TypeReader.Flags.class
      else { continue }
      classes.append(
        DeclaredClass(
          type, flags, at: descriptor, metadata: classMetadata[descriptor] ?? [], reader))
    }
    readGlobals(image, reader)
  }

  /// The addresses that `swift5_type_metadata` lists, in order and each once.
  private static func typeDescriptors(of image: ElfImage) -> [UInt64] {
    guard let section = image.section(named: "swift5_type_metadata"),
      let table = image.contents(of: section)
    else { return [] }
    var known: Set<UInt64> = []
    return stride(from: 0, to: table.count - 3, by: 4).compactMap { position in
      let entry = table.u32(position)
      let place = section.address &+ UInt64(position)
      var target = place &+ UInt64(bitPattern: Int64(Int32(bitPattern: entry & ~3)))
      switch entry & 3 {
      case 0: break
      case 1:
        guard let relocation = image.relocations[target], relocation.symbol == nil else {
          return nil
        }
        target = UInt64(bitPattern: relocation.addend)
      default: return nil
      }
      return known.insert(target).inserted ? target : nil
    }
  }

  /// Class metadata refers to the class's descriptor, 40 bytes after its start.
  private static func classMetadata(
    of image: ElfImage, descriptors: Set<UInt64>
  ) -> [UInt64: [UInt64]] {
    var found: [UInt64: [UInt64]] = [:]
    for place in image.relocations.addresses {
      guard place >= 40, let relocation = image.relocations[place], relocation.symbol == nil,
        descriptors.contains(UInt64(bitPattern: relocation.addend)),
        image.load(UInt64.self, at: place - 40) == 0
      else { continue }
      found[UInt64(bitPattern: relocation.addend), default: []].append(place - 40)
    }
    return found.mapValues { $0.sorted() }
  }

  /// A variable that others may share and for whose change the image has code of its own: a
  /// setter, or an accessor for changes in place. Such code of a checked build announces the
  /// change. An optimised program may have dropped what nobody calls; `nil` then, too.
  package func changeable(in image: ElfImage) -> Variable? {
    if let global = globals.first(where: \.hasMutator) { return global.variable }
    let properties = Dictionary(
      classes.flatMap(\.properties).filter(\.isMutable).map { ($0.variable.name, $0.variable) },
      uniquingKeysWith: { first, _ in first })
    if properties.isEmpty { return nil }
    return image.symbols.lazy.filter { $0.isDefined && $0.name.hasPrefix("$s") }
      .compactMap { symbol in
        guard symbol.name.hasSuffix("vs") || symbol.name.hasSuffix("vM"),
          let name = TypeDemangler.variable(symbol: symbol.name.dropLast(2) + "vp"),
          let context = name.context
        else { return nil }
        return properties[(context.path.map(\.name) + [name.name]).joined(separator: ".")]
      }.first
  }

  private mutating func readGlobals(_ image: ElfImage, _ reader: () -> MetadataReader) {
    var mutators: Set<String> = []
    var found: [(ElfSymbol, TypeDemangler.VariableName)] = []
    var known: Set<UInt64> = []
    for symbol in image.symbols where symbol.isDefined && symbol.name.hasPrefix("$s") {
      var name = symbol.name[...]
      if name.hasSuffix("Z") { name = name.dropLast() }
      if name.hasSuffix("vs") || name.hasSuffix("vM") {
        mutators.insert(name.dropLast(2) + "vp")
      } else if name.hasSuffix("vp"), symbol.kind == .object,
        let variable = TypeDemangler.variable(symbol: symbol.name),
        known.insert(symbol.value).inserted
      {
        found.append((symbol, variable))
      }
    }
    for (symbol, variable) in found {
      let name = symbol.name.hasSuffix("Z") ? String(symbol.name.dropLast()) : symbol.name
      let context = variable.context?.path.map(\.name).joined(separator: ".")
      globals.append(
        DeclaredGlobal(
          symbol: symbol.name,
          variable: Variable(
            kind: variable.context == nil ? .global : .staticProperty, module: variable.module,
            name: [context, variable.name].compactMap(\.self).joined(separator: "."),
            type: variable.type.text(.source), qualifiedType: variable.type.text(.qualified)),
          address: symbol.value, size: max(symbol.size, 1), hasMutator: mutators.contains(name),
          objectType: variable.type.objectName))
    }
    globals.sort { $0.address < $1.address }
  }
}

/// A class or actor and the variables that it declares itself.
package struct DeclaredClass: Hashable, Sendable {
  package var descriptor: UInt64
  package var module: String
  /// Without the module: `Outer.Inner`.
  package var name: String
  /// With the module of the outermost type, as symbols spell it.
  package var qualifiedName: String
  /// Full name of the superclass; `nil` when there is none, or it is not named.
  package var superclass: String?
  package var properties: [DeclaredProperty]
}

package struct DeclaredProperty: Hashable, Sendable {
  package var variable: Variable
  /// False for a `let`.
  package var isMutable: Bool
  /// From the start of the object; `nil` when only the running program knows.
  package var offset: UInt64?
  /// The word of the class's metadata in which the running program keeps the offset.
  package var offsetWord: UInt32 = 0
  package var size: UInt64?
  /// Full name of the class that a value of it refers to, if it is a reference.
  package var objectType: String?
}

package struct DeclaredGlobal: Hashable, Sendable {
  package var symbol: String
  package var variable: Variable
  package var address: UInt64
  package var size: UInt64
  /// Whether a setter or an accessor for changes is there: then it is no `let`. An optimised
  /// program may have dropped it.
  package var hasMutator: Bool
  package var objectType: String?
}

extension DeclaredClass {
  fileprivate init(
    _ type: NominalType, _ flags: TypeReader.Flags, at descriptor: UInt64, metadata: [UInt64],
    _ reader: MetadataReader
  ) {
    self.descriptor = descriptor
    module = type.declaringModule ?? type.module
    let name = type.path.map(\.name).joined(separator: ".")
    self.name = name
    qualifiedName = type.qualifiedName
    let memory = reader.types.memory
    var superclass: TypeTree?
    if let place = memory.relativePointer(at: descriptor &+ 20) {
      superclass = reader.types.type(named: place)
    }
    self.superclass = superclass?.objectName
    let fields = reader.types.fields(at: descriptor) ?? []
    let types = fields.map { field in
      field.typeName.flatMap { reader.types.type(named: $0, arguments: TypeTree.parameters) }
    }
    let layouts = LayoutReader(reader.types)
    let known = metadata.lazy.compactMap { ClassMetadata(at: $0, memory)?.fieldOffsets(memory) }
      .first { $0.count == fields.count }
    var offsets = known?.map { Optional($0) } ?? []
    if known == nil {
      // The object's header comes first; what a superclass adds is known to metadata only.
      var whole: TypeLayout? =
        superclass == nil ? TypeLayout(size: 16, alignment: 8, extraInhabitants: 0) : nil
      offsets = types.map { type in
        guard let layout = type.flatMap({ layouts.layout(of: $0) }), whole != nil else {
          whole = nil
          return nil
        }
        let offset = whole!.offset(ofNext: layout)
        whole!.append(layout)
        return offset
      }
    }
    let module = module
    let vector = memory.load(UInt32.self, at: descriptor &+ 40) ?? 0
    properties = fields.indices.compactMap { index in
      let field = fields[index]
      // The compiler's own, such as an actor's queue.
      if field.name.hasPrefix("$") { return nil }
      let qualified = field.typeName.flatMap { reader.types.type(named: $0) }
      let declared =
        field.isLazy
        ? (types[index]?.unwrapped, qualified?.unwrapped)
        : (types[index], qualified)
      return DeclaredProperty(
        variable: Variable(
          kind: flags.isActor ? .actorProperty : .classProperty, module: module,
          name: "\(name).\(field.name)", type: declared.0?.text(.source),
          qualifiedType: declared.1?.text(.qualified)),
        isMutable: field.isMutable, offset: offsets[index], offsetWord: vector &+ UInt32(index),
        size: types[index].flatMap { layouts.layout(of: $0)?.size },
        objectType: types[index]?.objectName)
    }
  }
}

extension NominalType {
  /// Module and path, without generic arguments.
  fileprivate var qualifiedName: String {
    ([module] + path.map(\.name)).joined(separator: ".")
  }
}

extension TypeTree {
  /// Generic parameters by the names that demangling gives them: `A`, `B`; one level down `A1`.
  fileprivate static let parameters: [[TypeTree]] = (0..<3).map { depth in
    (0..<6).map { index in
      let name =
        String(UnicodeScalar(UInt8(ascii: "A") + UInt8(index))) + (depth > 0 ? "\(depth)" : "")
      return .nominal(
        NominalType(kind: .other, module: "", path: [NominalType.Component(name: name)]))
    }
  }

  /// What an optional holds; itself when it is none.
  var unwrapped: TypeTree {
    guard case .nominal(let type) = self, type.isNamed("Swift", "Optional") else { return self }
    return type.path[0].arguments.first ?? self
  }

  /// Full name of the class that a value refers to, through optionals and reference storage.
  var objectName: String? {
    switch self {
    case .nominal(let type) where type.kind == .class: type.qualifiedName
    case .nominal(let type) where type.isNamed("Swift", "Optional"):
      type.path[0].arguments.first?.objectName
    case .reference(_, let type): type.objectName
    default: nil
    }
  }
}
