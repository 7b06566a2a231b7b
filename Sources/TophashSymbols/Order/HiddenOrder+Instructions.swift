extension HiddenOrder {
  func hasLockedInstruction(at address: UInt64) -> Bool {
    guard let image = images.image(at: address) else { return false }
    // Of other machines' code nothing is known.
    guard image.file.machine == .x86_64 else { return true }
    return hasLockedInstruction(around: image.vaddr(address), in: image)
  }

  func hasLockedInstruction(
    around vaddr: UInt64, in image: ImageSet.Image, depth: Int = HiddenOrder.depth
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

  func callFrames(of image: ImageSet.Image) -> CallFrameTable? {
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
  func extent(around vaddr: UInt64, in image: ImageSet.Image) -> Range<UInt64>? {
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
  func references(in extent: Range<UInt64>, of image: ImageSet.Image) -> Set<UInt64> {
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
