// The stacks of past accesses are read by frame pointers. The caller of a function that keeps none
// is not on them: nor is anybody up to the next one who does. Who it can be, the code tells.

extension HiddenOrder {
  /// Callers of callers go no further than this, and no more of them are looked at.
  private static let callerDepth = 6
  private static let callerLimit = 256

  /// Whether somebody between the function that calls at `address` and the next frame of its stack
  /// may order accesses.
  ///
  /// - Parameter next: The next frame's address, where there is one.
  func hidesOrder(at address: UInt64, before next: UInt64?) -> Bool {
    guard let image = images.image(at: address), image.file.machine == .x86_64,
      keepsNoFramePointer(image.vaddr(address), in: image)
    else { return false }
    guard let extent = extent(around: image.vaddr(address), in: image) else { return true }
    // What the next frame called is the outermost one that is hidden.
    if let next, let outer = images.image(at: next),
      let called = outer.file.callTarget(before: outer.vaddr(next)), !extent.contains(called),
      mayOrder(functionAt: called, in: outer)
    {
      return true
    }
    return mayBeOrderedByCaller(of: extent.lowerBound, in: image)
  }

  private func mayBeOrderedByCaller(of function: UInt64, in image: ImageSet.Image) -> Bool {
    let calls = calls(in: image)
    var seen: Set<UInt64> = [function]
    var layer = [function]
    for _ in 0..<Self.callerDepth {
      var outer: [UInt64] = []
      for place in layer.flatMap({ calls.places(of: $0) }) {
        guard let extent = extent(around: place, in: image) else { return true }
        guard seen.insert(extent.lowerBound).inserted else { continue }
        if seen.count > Self.callerLimit { return true }
        if mayOrder(functionAt: extent.lowerBound, in: image) { return true }
        if keepsNoFramePointer(place, in: image) { outer.append(extent.lowerBound) }
      }
      if outer.isEmpty { return false }
      layer = outer
    }
    return true
  }

  private func mayOrder(functionAt vaddr: UInt64, in image: ImageSet.Image) -> Bool {
    if hasLockedInstruction(around: vaddr, in: image) { return true }
    guard let symbol = image.file.symbol(containing: vaddr) else { return false }
    let path = CodeContext(symbol: symbol.name).path.joined(separator: ".")
    return isWithinAtomicType(path, in: image) || refersToAtomicType(symbol, in: image)
  }

  /// Whether the frame pointer is another function's at an instruction.
  private func keepsNoFramePointer(_ vaddr: UInt64, in image: ImageSet.Image) -> Bool {
    guard let entry = callFrames(of: image)?.entry(containing: vaddr),
      let row = try? entry.row(at: vaddr)
    else { return false }
    if case .register(Registers.framePointer, _) = row.frameAddress { return false }
    return true
  }

  private func calls(in image: ImageSet.Image) -> Calls {
    let path = image.loaded.path
    if let calls = known.withLock({ $0.calls[path] }) { return calls }
    let calls = Calls(image.file)
    known.withLock { $0.calls[path] = calls }
    return calls
  }
}

/// Who calls whom in an image, and who jumps to whom, by instructions that name the function.
struct Calls {
  private var callers: [UInt64: [UInt64]] = [:]

  /// O(size of the code).
  init(_ image: ElfImage) {
    for function in image.functions {
      _ = image.readCode(function.range) { place, instruction in
        if let target = instruction.targetAddress(from: place), !function.range.contains(target) {
          callers[target, default: []].append(place)
        }
        return false
      }
    }
  }

  /// Where a function is called, or jumped to from another one.
  func places(of function: UInt64) -> [UInt64] { callers[function] ?? [] }
}
