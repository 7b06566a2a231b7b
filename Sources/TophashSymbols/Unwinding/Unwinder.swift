/// Finds the callers of a function from a copy of its stack, after the process has gone on.
///
/// Functions need no frame pointers: where the caller's registers are is read from the call frame
/// information (`.eh_frame`) in the images' files. A function without any, such as hand-written
/// assembly, is passed by its frame pointer if that leads to something that looks like a call.
///
/// Files are opened when a stack first leads into them, and kept. One that cannot be read, or is
/// damaged, ends the stack there; nothing is guessed and nothing traps.
package struct Unwinder: Sendable {
  /// The longest stack that is followed.
  package static let maximumFrames = 128

  /// Sorted by address.
  private let modules: [Module]

  /// - Parameters:
  ///   - images: What was mapped into the process, in any order.
  ///   - cache: Opened images, to share with others who read them.
  package init(images: [LoadedImage], cache: ElfImageCache = ElfImageCache()) {
    modules = images.sorted { $0.range.lowerBound < $1.range.lowerBound }
      .map { Module($0, cache) }
  }

  /// The return addresses into the callers of the function at `pc`, innermost first.
  ///
  /// Ends where a thread or the program starts, where the copy of the stack ends, and where a
  /// caller cannot be told for certain.
  ///
  /// - Parameters:
  ///   - pc: A return address: the place just after a call.
  ///   - stackPointer: The function's stack pointer there.
  ///   - framePointer: The function's frame pointer register there; 0 when it is not known.
  ///   - stack: The stack's content from `stackPointer` on.
  /// - Complexity: O(log n) for each frame, in the number of functions of its image.
  package func unwind(pc: UInt64, stackPointer: UInt64, framePointer: UInt64, stack: [UInt8])
    -> [UInt64]
  {
    walk(pc: pc, stackPointer: stackPointer, framePointer: framePointer, stack: stack).callers
  }

  /// The whole stack, innermost first: `pc`, then the callers from both ways to find them.
  ///
  /// - Parameters:
  ///   - walk: The stack as frame pointers tell it, starting with `pc`; it may go beyond the end
  ///     of `stack`, and may miss frames or end in garbage. Only addresses that lie in code just
  ///     after a call are taken from it.
  ///   - stackPointer: The function's stack pointer at `pc`.
  ///   - framePointer: The function's frame pointer register there; 0 when it is not known.
  ///   - stack: The stack's content from `stackPointer` on.
  package func stack(
    framePointerWalk walk: [UInt64], stackPointer: UInt64, framePointer: UInt64, stack: [UInt8]
  ) -> [UInt64] {
    guard let pc = walk.first else { return [] }
    let unwound = self.walk(
      pc: pc, stackPointer: stackPointer, framePointer: framePointer, stack: stack)
    if unwound.isComplete { return [pc] + unwound.callers }
    let plausible = walk.dropFirst().prefix { module(at: $0)?.isReturnAddress($0) == true }
    return [pc] + Self.merge(framePointerWalk: Array(plausible), unwound: unwound.callers)
  }

  /// Two views of one stack made one: all of `unwound`, which has no gaps, and what the frame
  /// pointers know beyond it, after the last frame that both know.
  ///
  /// Frames are matched in order, so that recursion, which repeats addresses, stays aligned.
  /// Without a common frame there is nothing to continue from, and `unwound` is all, unless empty.
  package static func merge(framePointerWalk: [UInt64], unwound: [UInt64]) -> [UInt64] {
    if unwound.isEmpty { return framePointerWalk }
    var rest = unwound[...]
    var known = framePointerWalk.startIndex
    for (index, frame) in framePointerWalk.enumerated() {
      guard let match = rest.firstIndex(of: frame) else { continue }
      rest = rest[(match + 1)...]
      known = index + 1
    }
    return known == 0 ? unwound : unwound + framePointerWalk[known...]
  }
}

// MARK: - One frame after the other

extension Unwinder {
  private struct Walk {
    var callers: [UInt64] = []
    /// Whether the last caller is known to have none itself.
    var isComplete = false
  }

  private struct Frame {
    var registers: Registers
    var pc: UInt64
    /// Whether `pc` follows a call; otherwise it was interrupted there.
    var isCall: Bool
  }

  private enum Step {
    case caller(Frame)
    case outermost
    case unknown
  }

  private func walk(pc: UInt64, stackPointer: UInt64, framePointer: UInt64, stack: [UInt8])
    -> Walk
  {
    let stack = StackCopy(start: stackPointer, bytes: stack)
    var frame = Frame(registers: Registers(), pc: pc, isCall: true)
    frame.registers[Registers.stackPointer] = stackPointer
    frame.registers[Registers.programCounter] = pc
    frame.registers[Registers.framePointer] = framePointer == 0 ? nil : framePointer

    var walk = Walk()
    while walk.callers.count < Self.maximumFrames {
      switch step(from: frame, stack) {
      case .caller(let caller):
        walk.callers.append(caller.pc)
        frame = caller
      case .outermost:
        walk.isComplete = true
        return walk
      case .unknown:
        return walk
      }
    }
    return walk
  }

  private func step(from frame: Frame, _ stack: StackCopy) -> Step {
    // A call may be the last instruction of its function: look for the call, not for its return.
    let place = frame.isCall ? frame.pc &- 1 : frame.pc
    guard let module = module(at: place) else { return .unknown }
    guard let entry = module.frames?.entry(containing: place &- module.image.base) else {
      return stepByFramePointer(from: frame, stack)
    }
    guard let row = try? entry.row(at: place &- module.image.base) else { return .unknown }
    return step(from: frame, by: row, entry.common, stack)
  }

  private func step(
    from frame: Frame, by row: CallFrameRow, _ common: CallFrameCommon, _ stack: StackCopy
  ) -> Step {
    let registers = frame.registers
    if case .undefined = row.rules[common.returnAddressColumn] { return .outermost }
    // A signal may be handled on a stack of its own; any other caller's frame lies higher.
    guard let current = registers[Registers.stackPointer],
      let frameAddress = row.frameAddress(registers, stack),
      frameAddress > current || common.isSignalFrame
    else { return .unknown }

    var caller = Registers()
    for register in 0..<Registers.count {
      caller[register] = row.rules[register].value(
        of: register, in: registers, frameAddress: frameAddress, stack)
    }
    if case .unchanged = row.rules[Registers.stackPointer] {
      caller[Registers.stackPointer] = frameAddress
    }
    guard let pc = caller[common.returnAddressColumn] else { return .unknown }
    caller[Registers.programCounter] = pc
    if pc == 0 { return .outermost }
    guard module(at: pc)?.isExecutable(pc) == true else { return .unknown }
    return .caller(Frame(registers: caller, pc: pc, isCall: !common.isSignalFrame))
  }

  /// Passes a function that nothing is known about. The frame pointer may be of a function further
  /// out, or be no frame pointer at all, so what it leads to must look like a call.
  private func stepByFramePointer(from frame: Frame, _ stack: StackCopy) -> Step {
    guard let current = frame.registers[Registers.stackPointer],
      let pointer = frame.registers.address(in: Registers.framePointer),
      pointer >= current, pointer % 8 == 0, pointer <= .max - 16,
      let saved = stack.word(at: pointer), let pc = stack.word(at: pointer + 8),
      module(at: pc)?.isReturnAddress(pc) == true
    else { return .unknown }
    var caller = Registers()
    caller[Registers.framePointer] = saved
    caller[Registers.stackPointer] = pointer + 16
    caller[Registers.programCounter] = pc
    return .caller(Frame(registers: caller, pc: pc, isCall: true))
  }

  private func module(at address: UInt64) -> Module? {
    let next = partitioningIndex(count: modules.count) {
      modules[$0].image.range.lowerBound > address
    }
    guard next > 0, modules[next - 1].image.range.contains(address) else { return nil }
    return modules[next - 1]
  }
}

extension CallFrameRow {
  fileprivate func frameAddress(_ registers: Registers, _ stack: StackCopy) -> UInt64? {
    switch frameAddress {
    case .register(let register, let offset):
      registers.address(in: register).map { $0 &+ UInt64(bitPattern: offset) }
    case .expression(let expression):
      expression.evaluate(registers: registers, stack: stack)
    }
  }
}

extension CallFrameRow.Rule {
  /// The caller's value of `register`; `nil` when it is lost or not in the copy of the stack.
  fileprivate func value(
    of register: Int, in registers: Registers, frameAddress: UInt64, _ stack: StackCopy
  ) -> UInt64? {
    switch self {
    case .unchanged: registers[register]
    case .undefined: nil
    case .saved(let offset): stack.word(at: frameAddress &+ UInt64(bitPattern: offset))
    case .frameAddress(let offset): frameAddress &+ UInt64(bitPattern: offset)
    case .register(let source): registers[source]
    case .savedAt(let expression):
      expression.evaluate(startingWith: frameAddress, registers: registers, stack: stack)
        .flatMap { stack.word(at: $0) }
    case .computed(let expression):
      expression.evaluate(startingWith: frameAddress, registers: registers, stack: stack)
    }
  }
}

// MARK: - Images

/// An image of the process and its file, opened at first use.
private final class Module: Sendable {
  let image: LoadedImage
  private let cache: ElfImageCache
  private let contents = Lazy<Contents>()

  private struct Contents: Sendable {
    var file: ElfImage?
    var frames: CallFrameTable?

    init(_ file: ElfImage?) {
      self.file = file
      frames = file.flatMap { CallFrameTable($0) }
    }
  }

  init(_ image: LoadedImage, _ cache: ElfImageCache) {
    self.image = image
    self.cache = cache
  }

  /// `nil` when the file cannot be read or has no call frame information.
  var frames: CallFrameTable? {
    opened.frames
  }

  private var file: ElfImage? {
    opened.file
  }

  private var opened: Contents {
    contents { Contents(try? cache.image(at: image.path)) }
  }

  func isExecutable(_ address: UInt64) -> Bool {
    file?.isExecutable(address &- image.base) == true
  }

  /// Whether `address` lies in code just after a call.
  func isReturnAddress(_ address: UInt64) -> Bool {
    file?.isReturnAddress(address &- image.base) == true
  }
}

extension ElfImage {
  /// Whether the bytes before `vaddr` are a call instruction of x86-64.
  fileprivate func isReturnAddress(_ vaddr: UInt64) -> Bool {
    guard vaddr >= 8, isExecutable(vaddr - 1) else { return false }
    if load(UInt8.self, at: vaddr - 5) == 0xe8 { return true }  // call to a fixed place
    return ([2, 3, 4, 6, 7] as [UInt64]).contains { length in
      // Call through a register or memory: 0xff, an operand that says 2, and what it needs.
      guard load(UInt8.self, at: vaddr - length) == 0xff,
        let operand = load(UInt8.self, at: vaddr - length + 1), operand >> 3 & 7 == 2
      else { return false }
      let (mode, base) = (operand >> 6, operand & 7)
      let hasIndex = mode != 3 && base == 4
      let isAbsolute =
        mode == 0
        && (base == 5
          || hasIndex && load(UInt8.self, at: vaddr - length + 2).map { $0 & 7 } == 5)
      let displacement: UInt64 = mode == 1 ? 1 : mode == 2 || isAbsolute ? 4 : 0
      return length == 2 + (hasIndex ? 1 : 0) + displacement
    }
  }
}
