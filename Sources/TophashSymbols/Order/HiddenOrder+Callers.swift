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
      let called = calls(in: outer).target(before: outer.vaddr(next)), !extent.contains(called),
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
    var path = CodeContext(symbol: symbol.name).path
    let types = atomicTypes(in: image)
    while !path.isEmpty {
      if types.contains(path.joined(separator: ".")) { return true }
      path.removeLast()
    }
    return refersToAtomicType(symbol, in: image)
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
  private let image: ElfImage
  private var callers: [UInt64: [UInt64]] = [:]

  /// O(size of the code).
  init(_ image: ElfImage) {
    self.image = image
    for function in image.functions {
      let range = function.range
      guard let code = image.read(at: range.lowerBound, count: range.count) else { continue }
      var position = 0
      while position < code.count, let instruction = Instruction(code, at: position) {
        let place = range.lowerBound &+ UInt64(position)
        position += instruction.length
        guard let distance = instruction.target else { continue }
        let end = range.lowerBound &+ UInt64(position)
        let target = end &+ UInt64(bitPattern: Int64(distance))
        if !range.contains(target) { callers[target, default: []].append(place) }
      }
    }
  }

  /// Where a function is called, or jumped to from another one.
  func places(of function: UInt64) -> [UInt64] { callers[function] ?? [] }

  /// The function that the call before a return address goes to; `nil` for a call through a
  /// register.
  func target(before vaddr: UInt64) -> UInt64? {
    guard vaddr >= 5, image.load(UInt8.self, at: vaddr - 5) == 0xe8,
      let distance = image.load(Int32.self, at: vaddr - 4)
    else { return nil }
    return vaddr &+ UInt64(bitPattern: Int64(distance))
  }
}
