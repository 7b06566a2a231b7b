extension HiddenOrder {
  /// Whether the frame is a method, or a closure in a method, of a type that holds an atomic.
  func isMethodOfAtomicType(_ frame: Frame) -> Bool {
    guard let image = images.image(at: frame.address), let module = frame.module else {
      return false
    }
    var function = frame.function[...]
    while let inner = function.firstRange(of: " in ") { function = function[inner.upperBound...] }
    return isWithinAtomicType(module + "." + function.prefix { $0 != "(" }, in: image)
  }

  /// Whether the variable is a property of a type that holds an atomic as well.
  func isPartOfAtomicType(_ variable: Variable, seenFrom frame: Frame) -> Bool {
    guard [.classProperty, .actorProperty].contains(variable.kind), let module = variable.module,
      let image = images.image(at: frame.address)
    else { return false }
    return isWithinAtomicType("\(module).\(variable.name)", in: image)
  }

  /// Whether one of the types that the member at `path` is written in holds an atomic.
  func isWithinAtomicType(_ path: String, in image: ImageSet.Image) -> Bool {
    let types = atomicTypes(in: image)
    guard !types.isEmpty else { return false }
    var path = path[...]
    while let dot = path.lastIndex(of: ".") {
      path = path[..<dot]
      if types.contains(String(path)) { return true }
    }
    return false
  }

  /// Whether the frame's function, or one that it is written in, refers to a type that holds an
  /// atomic: so it makes objects of it.
  func hasAtomicObject(_ frame: Frame) -> Bool {
    guard let symbol = frame.symbol, let image = images.image(at: frame.address),
      !atomicTypes(in: image).isEmpty
    else { return false }
    // The name of a closure begins with that of what it is written in.
    let ends = symbol.indices.filter { "_FZCz".contains(symbol[$0]) }.map(symbol.index(after:))
    return ends.lazy.map { String(symbol[..<$0]) }.flatMap { self.parts(of: $0, in: image) }
      .contains { self.refersToAtomicType($0, in: image) }
  }

  /// The function of that name, and the parts that an asynchronous one is split into.
  private func parts(of name: String, in image: ImageSet.Image) -> [ElfSymbol] {
    let names = [name] + ["TY", "TQ"].flatMap { kind in (0..<16).map { "\(name)\(kind)\($0)_" } }
    return names.flatMap { image.file.symbols.named($0) }
      .filter { $0.isDefined && $0.kind == .function && $0.size > 0 }
  }

  func refersToAtomicType(_ symbol: ElfSymbol, in image: ImageSet.Image) -> Bool {
    let function = Function(image: image.loaded.path, start: symbol.value, depth: 0)
    if let answer = known.withLock({ $0.makers[function] }) { return answer }
    let types = atomicTypes(in: image)
    let extent = symbol.value..<symbol.value.addingSaturating(symbol.size)
    let answer = references(in: extent, of: image).contains { place in
      guard let name = image.file.symbol(containing: place)?.name, name.hasPrefix("$s") else {
        return false
      }
      return Self.madeType(name).map(types.contains) ?? false
    }
    known.withLock { $0.makers[function] = answer }
    return answer
  }

  /// `Module.Type` for the symbol of a type's metadata, or of what makes an object of it.
  private static func madeType(_ symbol: String) -> String? {
    if symbol.hasSuffix("fC") {
      return CodeContext(symbol: symbol).path.dropLast().joined(separator: ".")
    }
    guard ["Ma", "N", "Mf", "Mn"].contains(where: symbol.hasSuffix) else { return nil }
    return demangle(symbol)?.components(separatedBy: " for ").last
  }

  /// The types of an image that declare a property of an atomic type, as `Module.Type`.
  func atomicTypes(in image: ImageSet.Image) -> Set<String> {
    if let types = known.withLock({ $0.types[image.loaded.path] }) { return types }
    let memory = ProcessMemory(
      images: images, snapshot: SnapshotMemory([]), maximumReads: 1 << 24)
    let reader = TypeReader(memory: memory)
    var types: Set<String> = []
    if let section = image.file.section(named: "swift5_type_metadata") {
      let start = section.address &+ image.loaded.base
      for place in stride(from: start, to: start &+ section.size &- 3, by: 4) {
        guard let descriptor = memory.relativePointer(at: place),
          let type = reader.nominalType(at: descriptor),
          reader.fields(at: descriptor)?.contains(where: { isAtomic($0, reader) }) == true
        else { continue }
        let path = type.path.map(\.name).joined(separator: ".")
        types.insert("\(type.declaringModule ?? type.module).\(path)")
      }
    }
    known.withLock { $0.types[image.loaded.path] = types }
    return types
  }

  private func isAtomic(_ field: TypeReader.Field, _ reader: TypeReader) -> Bool {
    guard let name = field.typeName else { return false }
    guard case .nominal(let type)? = reader.type(named: name) else {
      // Of types that cannot be copied, as atomics are, only a function is written down that
      // gives the type: older runtimes must not take them for ordinary ones.
      let accessor: UInt8 = 9
      guard reader.memory.typeName(at: name)?.contains(accessor) == true else { return false }
      // The compiler calls that text by what it stands for.
      let image = images.image(at: name)
      guard let symbol = image.flatMap({ $0.file.symbol(containing: $0.vaddr(name)) })?.name,
        symbol.hasPrefix("get_type_metadata ")
      else { return true }
      return !symbol.hasPrefix("get_type_metadata 15Synchronization5MutexV")
    }
    let last = type.path.last?.name ?? ""
    return Self.atomicModules.contains(type.module) && last != "Mutex"
      || type.module == "__C" && last.lowercased().contains("atomic")
  }
}
