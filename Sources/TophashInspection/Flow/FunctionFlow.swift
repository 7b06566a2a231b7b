import TophashSymbols

/// Follows values through one function: which address goes into which call.
///
/// A data flow over basic blocks: where paths meet, only what all of them agree on stays known,
/// so an answer holds on every path. It may be missing, but it is never a guess. Compiled code
/// keeps its own spill slots to itself: a store through an unknown pointer is taken not to change
/// them, except those that a call was given the address of.
struct FunctionFlow {
  let range: Range<UInt64>
  let image: CodeImage
  private var instructions: [Instruction] = []
  private var trace = Trace()

  /// The first instruction of each block, as an index, in order; and where the block goes.
  private struct Block {
    var instructions: Range<Int>
    var successors: [Int] = []
  }
  private var blocks: [Block] = []

  init(_ range: Range<UInt64>, in image: CodeImage) {
    self.range = range
    self.image = image
  }

  /// - Parameter part: Which part of an asynchronous function it is, if any.
  mutating func run(part: CodeContext.Part) -> Trace {
    decode()
    makeBlocks()
    var states = [MachineState?](repeating: nil, count: blocks.count)
    guard !blocks.isEmpty else { return trace }
    states[0] = entryState(part)
    var work = [0]
    // Each visit of a block after the first follows a loss of knowledge, so this ends by itself;
    // the bound is for code that was made to take long.
    var visits = 0
    while let block = work.popLast(), visits < 64 * blocks.count {
      visits += 1
      guard var state = states[block] else { continue }
      for index in blocks[block].instructions { step(instructions[index], &state, notes: false) }
      for successor in blocks[block].successors {
        if states[successor] == nil {
          states[successor] = state
          work.append(successor)
        } else if states[successor]!.meet(state) {
          work.append(successor)
        }
      }
    }
    for (block, state) in zip(blocks, states) {
      guard var state else { continue }
      for index in block.instructions { step(instructions[index], &state, notes: true) }
    }
    findClosures()
    return trace
  }

  private mutating func entryState(_ part: CodeContext.Part) -> MachineState {
    var state = MachineState()
    state[Register.rsp] = .stack(0)
    if part == .whole || part == .start {
      for register in Register.arguments + [Register.r13] {
        state[register] = trace.origins.value(.entry(register))
      }
    }
    switch part {
    case .whole: break
    case .start, .afterSwitch: state[Register.r14] = trace.origins.value(.asyncFrame)
    case .afterAwait: state[Register.r14] = trace.origins.value(.calleeFrame)
    }
    return state
  }
}

// MARK: - Blocks

extension FunctionFlow {
  private mutating func decode() {
    guard let code = image.code(range) else {
      trace.isComplete = false
      return
    }
    var decoder = InstructionDecoder(code: code, address: range.lowerBound)
    while let instruction = decoder.next() { instructions.append(instruction) }
    trace.isComplete = decoder.position == code.count
  }

  private mutating func makeBlocks() {
    var leaders: Set<UInt64> = [range.lowerBound]
    var hasIndirectJump = false
    for instruction in instructions {
      if let target = instruction.jumpTarget, range.contains(target) { leaders.insert(target) }
      if instruction.endsBlock { leaders.insert(instruction.next) }
      if instruction.isTableJump { hasIndirectJump = true }
    }
    var indices: [UInt64: Int] = [:]
    var start = 0
    for index in instructions.indices {
      let isLast = index == instructions.count - 1
      guard isLast || leaders.contains(instructions[index].next) else { continue }
      indices[instructions[start].address] = blocks.count
      blocks.append(Block(instructions: start..<index + 1))
      start = index + 1
    }
    var isReached = [Bool](repeating: false, count: blocks.count)
    if !blocks.isEmpty { isReached[0] = true }
    var indirect: [Int] = []
    for index in blocks.indices {
      let last = instructions[blocks[index].instructions.upperBound - 1]
      if let target = last.jumpTarget.flatMap({ indices[$0] }) {
        blocks[index].successors.append(target)
        isReached[target] = true
      }
      if last.fallsThrough, index + 1 < blocks.count {
        blocks[index].successors.append(index + 1)
        isReached[index + 1] = true
      }
      if last.isTableJump { indirect.append(index) }
    }
    // A jump table leads to blocks that nothing else leads to. What only fills up is none.
    guard hasIndirectJump else { return }
    let others = isReached.indices.filter { index in
      !isReached[index] && !blocks[index].instructions.allSatisfy { instructions[$0].isPadding }
    }
    for index in indirect { blocks[index].successors += others }
  }

  /// Pairs of code and context that were put into neighbouring words.
  private mutating func findClosures() {
    var words: [Value: Value] = [:]
    for store in trace.stores { words[store.place] = store.value }
    for store in trace.stores {
      if let code = store.value.address.flatMap(image.function(at:)),
        let context = words[store.place + 8]
      {
        trace.closures.append(Trace.Closure(address: 0, code: code, context: context))
      }
    }
    trace.stores.removeAll { $0.place.isStack }
  }
}

// MARK: - Instructions

extension FunctionFlow {
  private mutating func step(_ instruction: Instruction, _ state: inout MachineState, notes: Bool) {
    if notes { note(instruction, state) }
    switch instruction.map {
    case .primary: primary(instruction, &state, notes)
    case .secondary: secondary(instruction, &state, notes)
    case .secondary38, .secondary3A:
      // Few of them write general registers: those for bit fields, checksums and extraction.
      if instruction.opcode >= 0xf0 || instruction.map == .secondary3A {
        state[instruction.reg] = .unknown
        state[instruction.extra] = instruction.isVector ? .unknown : state[instruction.extra]
        if instruction.memory == nil { state[instruction.rm] = .unknown }
      }
    }
  }

  /// The address of a memory operand.
  private func place(_ instruction: Instruction, _ state: MachineState) -> Value {
    guard let memory = instruction.memory else { return .unknown }
    if memory.isRelative {
      return .constant(Int64(bitPattern: instruction.next) &+ memory.displacement)
    }
    if memory.hasIndex { return .unknown }
    guard let base = memory.base else { return .constant(memory.displacement) }
    return state[base] + memory.displacement
  }

  private mutating func load(_ place: Value, _ state: MachineState) -> Value {
    guard place.isKnown else { return .unknown }
    if place.isStack { return state.slot(place.offset) }
    if let address = place.address {
      switch image.pointer(at: address) {
      case .symbol(let name): return trace.origins.value(.symbol(name))
      case .address(let target): return .constant(Int64(bitPattern: target))
      case nil: break
      }
    }
    if place.offset == 0, trace.origins[place] == .calleeFrame {
      return trace.origins.value(.asyncFrame)
    }
    return trace.origins.value(.loaded(place))
  }

  private mutating func store(
    _ value: Value, at place: Value, size: Int64, by address: UInt64, _ state: inout MachineState,
    _ notes: Bool
  ) {
    if place.isStack { state.store(value, at: place.offset, size: size) }
    if notes, place.isKnown, size == 8, value.isKnown || !place.isStack {
      trace.stores.append(Trace.Store(address: address, place: place, value: value))
    }
  }

  /// Sets the operand that ModRM names.
  private mutating func setOperand(
    _ instruction: Instruction, _ value: Value, _ state: inout MachineState, _ notes: Bool = false,
    isByte: Bool = false
  ) {
    if instruction.memory == nil {
      state[instruction.rm] = value
    } else {
      let place = place(instruction, state)
      let size = isByte ? 1 : Int64(instruction.width)
      store(
        size == 8 ? value : .unknown, at: place, size: size, by: instruction.address, &state, notes)
    }
  }

  private func zeroExtended(_ value: Value, _ width: UInt8) -> Value {
    if width == 8 { return value }
    guard width == 4, value.isConstant else { return .unknown }
    return .constant(value.offset & 0xffff_ffff)
  }

  private mutating func primary(
    _ instruction: Instruction, _ state: inout MachineState, _ notes: Bool
  ) {
    let opcode = instruction.opcode
    let width = instruction.width
    switch opcode {
    case 0x00..<0x40: arithmetic(instruction, &state)
    case 0x50...0x57:
      let register = opcode & 7 | instruction.rm
      let value = state[register]
      state[Register.rsp] = state[Register.rsp] + -8
      if state[Register.rsp].isStack { state.store(value, at: state[Register.rsp].offset) }
    case 0x58...0x5f:
      let top = state[Register.rsp]
      state[opcode & 7 | instruction.rm] = top.isStack ? state.slot(top.offset) : .unknown
      state[Register.rsp] = top + 8
    case 0x63, 0x69, 0x6b: state[instruction.reg] = .unknown
    case 0x80, 0x81, 0x83: immediateArithmetic(instruction, &state)
    case 0x84, 0x85, 0xa8, 0xa9, 0x70...0x7f,
      0x90 where instruction.rm == 0:
      break
    case 0x86, 0x87:
      state[instruction.reg] = .unknown
      setOperand(instruction, .unknown, &state)
    case 0x88: setOperand(instruction, .unknown, &state, isByte: true)
    case 0x89:
      setOperand(instruction, zeroExtended(state[instruction.reg], width), &state, notes)
    case 0x8a: state[instruction.reg] = .unknown
    case 0x8b:
      if instruction.memory == nil {
        state[instruction.reg] = zeroExtended(state[instruction.rm], width)
      } else {
        let place = place(instruction, state)
        state[instruction.reg] = width == 8 ? load(place, state) : .unknown
      }
    case 0x8d:
      state[instruction.reg] = width == 8 ? place(instruction, state) : .unknown
    case 0x8f, 0xc0, 0xc1, 0xd0...0xd3: setOperand(instruction, .unknown, &state)
    case 0x90...0x97:
      state[opcode & 7 | instruction.rm] = .unknown
      state[Register.rax] = .unknown
    case 0x98: state[Register.rax] = .unknown
    case 0x99: state[Register.rdx] = .unknown
    case 0xa4...0xa7, 0xaa...0xaf:
      for register in [Register.rax, Register.rcx, Register.rsi, Register.rdi] {
        state[register] = .unknown
      }
    case 0xb0...0xb7:
      // Without REX, four of them are the second bytes of other registers.
      state[opcode & 7 | instruction.rm] = .unknown
      state[opcode & 3] = .unknown
    case 0xb8...0xbf:
      state[opcode & 7 | instruction.rm] = zeroExtended(.constant(instruction.immediate), width)
    case 0xc6: setOperand(instruction, .unknown, &state, isByte: true)
    case 0xc7:
      setOperand(instruction, zeroExtended(.constant(instruction.immediate), width), &state, notes)
    case 0xc9:
      let frame = state[Register.rbp]
      state[Register.rbp] = frame.isStack ? state.slot(frame.offset) : .unknown
      state[Register.rsp] = frame + 8
    case 0xe8: finishCall(target(of: instruction, state), instruction, &state)
    case 0xf6, 0xf7:
      switch instruction.extensionCode {
      case 0, 1: break
      case 2, 3: setOperand(instruction, .unknown, &state)
      default:
        state[Register.rax] = .unknown
        state[Register.rdx] = .unknown
      }
    case 0xfe, 0xff:
      switch instruction.extensionCode {
      case 0, 1: setOperand(instruction, .unknown, &state)
      case 2: finishCall(target(of: instruction, state), instruction, &state)
      case 6:
        state[Register.rsp] = state[Register.rsp] + -8
        if state[Register.rsp].isStack { state.store(.unknown, at: state[Register.rsp].offset) }
      default: break
      }
    default: break
    }
  }

  /// The eight two-operand operations of the first quarter of the map.
  private mutating func arithmetic(_ instruction: Instruction, _ state: inout MachineState) {
    let opcode = instruction.opcode
    let isComparison = opcode & 0x38 == 0x38
    if isComparison { return }
    switch opcode & 7 {
    case 0, 1:
      let isZeroed =
        (opcode == 0x31 || opcode == 0x29) && instruction.memory == nil
        && instruction.reg == instruction.rm
      setOperand(instruction, isZeroed ? .constant(0) : .unknown, &state)
    case 2, 3:
      let isZeroed =
        opcode == 0x33 && instruction.memory == nil && instruction.reg == instruction.rm
      state[instruction.reg] = isZeroed ? .constant(0) : .unknown
    default: state[Register.rax] = .unknown
    }
  }

  private mutating func immediateArithmetic(
    _ instruction: Instruction, _ state: inout MachineState
  ) {
    let isComparison = instruction.extensionCode == 7
    if isComparison { return }
    guard instruction.memory == nil, instruction.opcode != 0x80, instruction.width == 8 else {
      setOperand(instruction, .unknown, &state, isByte: instruction.opcode == 0x80)
      return
    }
    let value = state[instruction.rm]
    switch instruction.extensionCode {
    case 0: state[instruction.rm] = value + instruction.immediate
    case 5: state[instruction.rm] = value + (0 &- instruction.immediate)
    case 4 where instruction.rm == Register.rsp && value.isStack:
      // The stack is aligned by an unknown amount: from here on it is another place.
      state[Register.rsp] = .stack(value.offset - 1 << 20)
    default: state[instruction.rm] = .unknown
    }
  }

  private mutating func secondary(
    _ instruction: Instruction, _ state: inout MachineState, _ notes: Bool
  ) {
    if copiesWords(instruction, &state, notes) { return }
    switch instruction.opcode {
    case 0x2c, 0x2d, 0x40...0x4f, 0x50, 0xaf, 0xb6...0xb8, 0xbc...0xbf, 0xc5, 0xd7, 0x02, 0x03:
      if !(instruction.isVector && (0x40...0x4f).contains(instruction.opcode)) {
        state[instruction.reg] = .unknown
      }
    case 0x7e where instruction.prefix != 0xf3, 0x90...0x9f, 0xa3, 0xa4, 0xa5, 0xab, 0xac, 0xad,
      0xb3, 0xba, 0xbb:
      setOperand(instruction, .unknown, &state, isByte: instruction.opcode & 0xf0 == 0x90)
    case 0xb0, 0xb1:
      setOperand(instruction, .unknown, &state)
      state[Register.rax] = .unknown
    case 0xc0, 0xc1:
      setOperand(instruction, .unknown, &state)
      state[instruction.reg] = .unknown
    case 0xc7:
      state[Register.rax] = .unknown
      state[Register.rdx] = .unknown
    case 0xc8...0xcf: state[instruction.opcode & 7 | instruction.rm] = .unknown
    case 0x01, 0x05, 0x31, 0x34, 0xa2:
      for register in [Register.rax, Register.rcx, Register.rdx, 3, Register.r11] {
        state[register] = .unknown
      }
    default:
      if instruction.writesVectorToMemory {
        let place = place(instruction, state)
        if place.isStack { state.store(.unknown, at: place.offset, size: 32) }
      } else {
        state.setVector(instruction.reg, [])
      }
    }
  }

  /// Loads and stores of 16 bytes, aligned or not: two words at once.
  private mutating func copiesWords(
    _ instruction: Instruction, _ state: inout MachineState, _ notes: Bool
  ) -> Bool {
    guard !instruction.isVector, instruction.memory != nil else { return false }
    let isInteger = instruction.prefix == 0x66 || instruction.prefix == 0xf3
    let place = place(instruction, state)
    switch instruction.opcode {
    case 0x10 where instruction.prefix == 0 || instruction.prefix == 0x66,
      0x28 where instruction.prefix == 0 || instruction.prefix == 0x66, 0x6f where isInteger:
      state.setVector(instruction.reg, [load(place, state), load(place + 8, state)])
    case 0x11 where instruction.prefix == 0 || instruction.prefix == 0x66,
      0x29 where instruction.prefix == 0 || instruction.prefix == 0x66, 0x7f where isInteger:
      let words = state.vector(instruction.reg)
      for (index, word) in (words.isEmpty ? [.unknown, .unknown] : words).enumerated() {
        store(
          word, at: place + Int64(8 * index), size: 8, by: instruction.address, &state, notes)
      }
    default: return false
    }
    return true
  }
}

// MARK: - Calls

extension FunctionFlow {
  private func target(of instruction: Instruction, _ state: MachineState) -> Trace.Target {
    if let address = instruction.branchTarget { return image.target(at: address) }
    var value = Value.unknown
    if instruction.memory == nil {
      value = state[instruction.rm]
    } else if let address = place(instruction, state).address {
      switch image.pointer(at: address) {
      case .symbol(let name): return .symbol(name)
      case .address(let target): return image.target(at: target)
      case nil: return .unknown
      }
    }
    if let address = value.address { return image.target(at: address) }
    if case .symbol(let name) = trace.origins[value], value.offset == 0 { return .symbol(name) }
    return .unknown
  }

  private mutating func finishCall(
    _ target: Trace.Target, _ instruction: Instruction, _ state: inout MachineState
  ) {
    let first = state[Register.rdi]
    var isRuntime = false
    var result = trace.origins.value(.result(instruction.address))
    if case .symbol(let name) = target {
      isRuntime = name.hasPrefix("swift_")
      if Runtime.returnsArgument.contains(name) { result = first }
    }
    if !isRuntime {
      // The callee may write where it was told a part of the stack is.
      for register in Register.arguments where state[register].isStack {
        state.store(.unknown, at: state[register].offset, size: 32)
      }
      // Zero before a call that may throw, and its error afterwards; else the caller's own.
      if state[Register.r12] == .constant(0) { state[Register.r12] = .unknown }
    }
    for register in Register.arguments + [Register.r10, Register.r11] {
      state[register] = .unknown
    }
    state.forgetVectors()
    state[Register.rax] = result
  }

  private mutating func noteClosures(
    _ arguments: [Value], _ address: UInt64, _ state: MachineState
  ) {
    for (first, context) in zip(arguments, arguments.dropFirst()) where context.isKnown {
      guard let code = first.address.flatMap(image.function(at:)) else { continue }
      let words =
        context.isStack ? (0..<8).map { state.slot(context.offset + 16 + 8 * $0) } : []
      trace.closures.append(
        Trace.Closure(address: address, code: code, context: context, words: words))
    }
  }

  private mutating func note(_ instruction: Instruction, _ state: MachineState) {
    let isJump = instruction.branchTarget != nil && !instruction.isCall
    let leaves = isJump && !range.contains(instruction.branchTarget ?? 0)
    if instruction.isCall || leaves || instruction.isIndirectJump {
      trace.calls.append(
        Trace.Call(
          address: instruction.address, returnAddress: instruction.next,
          target: target(of: instruction, state),
          arguments: Register.arguments.map { state[$0] }, context: state[Register.r13],
          frame: state[Register.r14]))
    }
    if instruction.isCall || leaves {
      // The seventh argument is on the stack; in a tail call, behind the return address.
      let top = state[Register.rsp] + (instruction.isCall ? 0 : 8)
      let last = top.isStack ? state.slot(top.offset) : .unknown
      noteClosures(Register.arguments.map { state[$0] } + [last], instruction.address, state)
    }
    if instruction.isReturn, let code = state[Register.rax].address.flatMap(image.function(at:)),
      state[Register.rdx].isKnown
    {
      trace.closures.append(
        Trace.Closure(address: 0, code: code, context: state[Register.rdx]))
    }
    guard instruction.memory != nil, instruction.touchesMemory else { return }
    let place = place(instruction, state)
    guard place.isKnown, !place.isStack else { return }
    if let address = place.address, !image.isWritable(address) { return }
    trace.touches.append(
      Trace.Touch(
        address: instruction.address, place: place, writes: instruction.writesMemory,
        words: instruction.writesVectorToMemory ? (instruction.isVector ? 4 : 2) : 1))
  }
}
