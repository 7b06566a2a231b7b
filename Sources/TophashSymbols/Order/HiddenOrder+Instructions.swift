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
    // What cannot be decoded may be anything.
    let isLocked =
      image.file.readCode(extent) { at, instruction in
        if instruction.isLocked { return true }
        if let place = instruction.placeAddress(from: at), isAtomicGlobal(place, in: image) {
          return true
        }
        if let target = instruction.targetAddress(from: at), !extent.contains(target) {
          targets.insert(target)
        }
        return false
      } != .whole
    if isLocked || targets.contains(where: { isAtomicGlobal($0, in: image) }) { return true }
    return depth > 0
      && targets.contains { hasLockedInstruction(around: $0, in: image, depth: depth - 1) }
  }

  /// The addresses that a function's instructions name.
  func references(in extent: Range<UInt64>, of image: ImageSet.Image) -> Set<UInt64> {
    var found: Set<UInt64> = []
    _ = image.file.readCode(extent) { at, instruction in
      found.formUnion(
        [instruction.placeAddress(from: at), instruction.targetAddress(from: at)].compactMap(\.self)
      )
      return false
    }
    return found
  }
}
