import Synchronization

/// Finds code that can order accesses without a call that anybody could see.
///
/// `Mutex` and `Atomic` of the standard library are compiled into the functions that use them, to
/// single instructions. Three kinds of traces remain:
///
/// - *Locked instructions*, which everything but a plain load or store needs: the fast path of a
///   `Mutex` has them, and so has an exchange. The compiler makes them for little else: reference
///   counts are kept by the runtime's functions. They are looked for in a function and in what it
///   calls directly, within its image.
/// - *Types*: an atomic load or store is an ordinary instruction on x86-64. But somebody declared
///   the atomic, mostly in the type whose methods use it.
/// - *Objects*: whoever uses an atomic of an object of such a type in another place got the object
///   from somewhere: it made it, or it is a closure in a function that made it, or the variable
///   lies in that very object.
/// - *Globals*: code that loads or stores a global `Atomic` refers to it, and the symbol tells its
///   type. So does that of a global whose type holds an atomic.
///
/// What a function may do whose caller is not on the stack is not known either: a function without
/// a frame pointer hides its caller, since the stacks of past accesses are read by these.
///
/// So the answer "no" is uncertain only for code that loads and stores the atomics of an object
/// that it got as an argument. There, what an access that is held open makes wait
/// tells (`Tried`).
package final class HiddenOrder: Sendable {
  private let images: ImageSet

  private struct Known {
    var functions: [Function: Bool] = [:]
    var types: [String: Set<String>] = [:]
    var makers: [Function: Bool] = [:]
    var callFrames: [String: CallFrameTable?] = [:]
  }

  private struct Function: Hashable {
    var image: String
    var start: UInt64
    var depth: Int
  }

  private let known = Mutex(Known())

  /// How far calls are followed: `withLock`-like helpers are at most a wrapper in a wrapper.
  private static let depth = 2

  package init(images: [LoadedImage], cache: ElfImageCache = ElfImageCache()) {
    self.images = ImageSet(images, cache: cache)
  }

  /// Whether the functions of a stack may order accesses to `variable` on their own.
  package func mayOrder(_ stack: [Frame], accessing variable: Variable) -> Bool {
    stack.contains { frame in
      if let module = frame.module, Self.atomicModules.contains(module) { return true }
      guard frame.origin == .own else { return false }
      // A call may be the last instruction of its function: the place of the call is looked up.
      let call = frame.address &- 1
      return isMethodOfAtomicType(frame) || isPartOfAtomicType(variable, seenFrom: frame)
        || hasLockedInstruction(at: call) || hidesCaller(at: call) || hasAtomicObject(frame)
    }
  }

  private static let atomicModules: Set<String> = ["Synchronization", "Atomics"]
}

// MARK: - Locked instructions

extension HiddenOrder {
  private func hasLockedInstruction(at address: UInt64) -> Bool {
    guard let image = images.image(at: address) else { return false }
    // Of other machines' code nothing is known.
    guard image.file.machine == .x86_64 else { return true }
    return hasLockedInstruction(around: image.vaddr(address), in: image, depth: Self.depth)
  }

  private func hasLockedInstruction(
    around vaddr: UInt64, in image: ImageSet.Image, depth: Int
  ) -> Bool {
    guard let extent = extent(around: vaddr, in: image), extent.count < 1 << 20 else {
      return false
    }
    let function = Function(image: image.loaded.path, start: extent.lowerBound, depth: depth)
    if let answer = known.withLock({ $0.functions[function] }) { return answer }
    let answer =
      scan(extent, in: image, depth: depth) || mergedMayOrder(extent, in: image, depth: depth)
    known.withLock { $0.functions[function] = answer }
    return answer
  }

  /// Whether the function keeps no frame pointer while it calls: then the frame pointer is that of
  /// a function further out, and the one between is not on the stack.
  private func hidesCaller(at address: UInt64) -> Bool {
    guard let image = images.image(at: address),
      let entry = callFrames(of: image)?.entry(containing: image.vaddr(address)),
      let row = try? entry.row(at: image.vaddr(address))
    else { return false }
    if case .register(Registers.framePointer, _) = row.frameAddress { return false }
    return true
  }

  private func callFrames(of image: ImageSet.Image) -> CallFrameTable? {
    let path = image.loaded.path
    return known.withLock { known in
      if let table = known.callFrames[path] { return table }
      let table = CallFrameTable(image.file)
      known.callFrames[path] = .some(table)
      return table
    }
  }

  /// Where the function lies that holds `vaddr`: by its symbol, or by how it is unwound, which a
  /// stripped program still tells.
  private func extent(around vaddr: UInt64, in image: ImageSet.Image) -> Range<UInt64>? {
    if let symbol = image.file.symbol(containing: vaddr), symbol.kind == .function, symbol.size > 0
    {
      return symbol.value..<symbol.value.addingSaturating(symbol.size)
    }
    return callFrames(of: image)?.entry(containing: vaddr)?.range
  }

  /// One function that the compiler made of several alike gets what they differ in, such as the
  /// address of an atomic, as arguments: the function that it is named after passes its own.
  private func mergedMayOrder(
    _ extent: Range<UInt64>, in image: ImageSet.Image, depth: Int
  ) -> Bool {
    guard let name = image.file.symbol(containing: extent.lowerBound)?.name, name.hasSuffix("Tm")
    else { return false }
    return image.file.symbols.named(String(name.dropLast(2))).contains {
      $0.isDefined && $0.value != extent.lowerBound
        && hasLockedInstruction(around: $0.value, in: image, depth: depth)
    }
  }

  private func scan(_ extent: Range<UInt64>, in image: ImageSet.Image, depth: Int) -> Bool {
    var targets: Set<UInt64> = []
    let isLocked = read(extent, of: image) { instruction, place, target in
      if instruction.isLocked { return true }
      if let place, isAtomicGlobal(place, in: image) { return true }
      if let target, !extent.contains(target) { targets.insert(target) }
      return false
    }
    if isLocked || targets.contains(where: { isAtomicGlobal($0, in: image) }) { return true }
    return depth > 0
      && targets.contains { hasLockedInstruction(around: $0, in: image, depth: depth - 1) }
  }

  /// The addresses that a function's instructions name.
  private func references(in extent: Range<UInt64>, of image: ImageSet.Image) -> Set<UInt64> {
    var found: Set<UInt64> = []
    _ = read(extent, of: image) { _, place, target in
      found.formUnion([place, target].compactMap(\.self))
      return false
    }
    return found
  }

  /// Gives the instructions of a function to `body`, with the places that they name, until it
  /// says true, and says so. What cannot be decoded may be anything: true as well.
  private func read(
    _ extent: Range<UInt64>, of image: ImageSet.Image,
    _ body: (Instruction, _ place: UInt64?, _ target: UInt64?) -> Bool
  ) -> Bool {
    guard let code = image.file.read(at: extent.lowerBound, count: extent.count) else {
      return false
    }
    var position = 0
    while position < code.count {
      guard let instruction = Instruction(code, at: position) else { return true }
      position += instruction.length
      func address(_ distance: Int32) -> UInt64 {
        extent.lowerBound &+ UInt64(position) &+ UInt64(bitPattern: Int64(distance))
      }
      if body(instruction, instruction.place.map(address), instruction.target.map(address)) {
        return true
      }
    }
    return false
  }
}

// MARK: - Globals

extension HiddenOrder {
  /// Whether `vaddr` is that of a global atomic, of one whose type holds an atomic, or of a
  /// function of theirs.
  private func isAtomicGlobal(_ vaddr: UInt64, in image: ImageSet.Image) -> Bool {
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

// MARK: - Types

extension HiddenOrder {
  /// Whether the frame is a method, or a closure in a method, of a type that holds an atomic.
  private func isMethodOfAtomicType(_ frame: Frame) -> Bool {
    guard let image = images.image(at: frame.address), let module = frame.module else {
      return false
    }
    let types = atomicTypes(in: image)
    guard !types.isEmpty else { return false }
    var function = frame.function[...]
    while let inner = function.firstRange(of: " in ") { function = function[inner.upperBound...] }
    var path = module[...] + "." + function.prefix { $0 != "(" }
    while let dot = path.lastIndex(of: ".") {
      path = path[..<dot]
      if types.contains(String(path)) { return true }
    }
    return false
  }

  /// Whether the variable is a property of a type that holds an atomic as well.
  private func isPartOfAtomicType(_ variable: Variable, seenFrom frame: Frame) -> Bool {
    guard [.classProperty, .actorProperty].contains(variable.kind), let module = variable.module,
      let image = images.image(at: frame.address)
    else { return false }
    var path = "\(module).\(variable.name)"[...]
    while let dot = path.lastIndex(of: ".") {
      path = path[..<dot]
      if atomicTypes(in: image).contains(String(path)) { return true }
    }
    return false
  }

  /// Whether the frame's function, or one that it is written in, refers to a type that holds an
  /// atomic: so it makes objects of it.
  private func hasAtomicObject(_ frame: Frame) -> Bool {
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

  private func refersToAtomicType(_ symbol: ElfSymbol, in image: ImageSet.Image) -> Bool {
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
  private func atomicTypes(in image: ImageSet.Image) -> Set<String> {
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
