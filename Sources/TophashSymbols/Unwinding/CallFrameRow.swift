/// Where the caller's registers are while one instruction of a function runs: a row of the table
/// that call frame information describes.
struct CallFrameRow: Sendable {
  /// How to compute the canonical frame address (CFA): the caller's stack pointer before the call.
  enum FrameAddress: Sendable {
    case register(Int, offset: Int64)
    case expression(CallFrameExpression)
  }

  /// How to find the caller's value of one register.
  enum Rule: Sendable {
    /// The function has not changed it.
    case unchanged
    /// It is lost; for the return address: there is no caller.
    case undefined
    /// In memory, relative to the CFA.
    case saved(offset: Int64)
    /// The CFA plus an offset.
    case frameAddress(offset: Int64)
    /// In another register.
    case register(Int)
    /// In memory, at a computed address.
    case savedAt(CallFrameExpression)
    case computed(CallFrameExpression)
  }

  var frameAddress = FrameAddress.register(Registers.stackPointer, offset: 0)
  /// By register. Calls preserve some registers; the other ones are lost unless stated.
  var rules: [Rule] = (0..<Registers.count).map {
    Registers.preserved.contains($0) ? .unchanged : .undefined
  }
}

extension CallFrameEntry {
  /// The row for the instruction at `vaddr`, which must be in `range`.
  func row(at vaddr: UInt64) throws(CallFrameError) -> CallFrameRow {
    var program = CallFrameProgram(common: common, location: range.lowerBound)
    try program.run(common.instructions, until: vaddr)
    program.start()
    try program.run(instructions, until: vaddr)
    return program.row
  }
}

/// Runs the instructions that describe a table's rows one after another.
private struct CallFrameProgram {
  /// Compilers nest two or three deep.
  private static let maximumDepth = 32

  private(set) var row = CallFrameRow()
  private let common: CallFrameCommon
  private var location: UInt64
  /// What `restore` goes back to.
  private var initial: CallFrameRow?
  private var remembered: [CallFrameRow] = []

  init(common: CallFrameCommon, location: UInt64) {
    self.common = common
    self.location = location
  }

  /// Declares the row so far to be the one at the start of every function.
  mutating func start() {
    initial = row
  }

  /// Runs instructions up to the one that goes past `target`.
  mutating func run(_ instructions: CallFrameReader, until target: UInt64) throws(CallFrameError) {
    var reader = instructions
    while !reader.isAtEnd {
      let code = try reader.read(UInt8.self)
      if let distance = try advance(code, &reader) {
        let (step, overflow) = distance.multipliedReportingOverflow(by: common.codeAlignment)
        guard !overflow else { throw .malformed }
        location = location.addingSaturating(step)
        if location > target { return }
      } else {
        try execute(code, &reader)
      }
    }
  }

  /// By how many units the instruction moves on; `nil` when it is of another kind.
  private func advance(_ code: UInt8, _ reader: inout CallFrameReader)
    throws(CallFrameError) -> UInt64?
  {
    switch code {
    case 0x40..<0x80: UInt64(code & 0x3f)
    case 0x02: UInt64(try reader.read(UInt8.self))
    case 0x03: UInt64(try reader.read(UInt16.self))
    case 0x04: UInt64(try reader.read(UInt32.self))
    default: nil
    }
  }

  private mutating func execute(_ code: UInt8, _ reader: inout CallFrameReader)
    throws(CallFrameError)
  {
    switch code {
    case 0x80..<0xc0:  // offset
      set(UInt64(code & 0x3f), .saved(offset: try unsignedOffset(&reader)))
    case 0xc0...0xff:  // restore
      try restore(UInt64(code & 0x3f))
    case 0x00: break  // nop
    case 0x01:  // set_loc
      throw .unsupported
    case 0x05:  // offset_extended
      let register = try reader.readUnsigned()
      set(register, .saved(offset: try unsignedOffset(&reader)))
    case 0x06:  // restore_extended
      try restore(reader.readUnsigned())
    case 0x07:  // undefined
      set(try reader.readUnsigned(), .undefined)
    case 0x08:  // same_value
      set(try reader.readUnsigned(), .unchanged)
    case 0x09:  // register
      let register = try reader.readUnsigned()
      let source = try Self.known(reader.readUnsigned())
      set(register, .register(source))
    case 0x0a:  // remember_state
      guard remembered.count < Self.maximumDepth else { throw .unsupported }
      remembered.append(row)
    case 0x0b:  // restore_state
      guard let last = remembered.popLast() else { throw .malformed }
      row = last
    case 0x0c:  // def_cfa
      let register = try Self.known(reader.readUnsigned())
      row.frameAddress = .register(register, offset: try plainOffset(&reader))
    case 0x0d:  // def_cfa_register
      guard case .register(_, let offset) = row.frameAddress else { throw .malformed }
      row.frameAddress = .register(try Self.known(reader.readUnsigned()), offset: offset)
    case 0x0e:  // def_cfa_offset
      guard case .register(let register, _) = row.frameAddress else { throw .malformed }
      row.frameAddress = .register(register, offset: try plainOffset(&reader))
    case 0x0f:  // def_cfa_expression
      row.frameAddress = .expression(try expression(&reader))
    case 0x10:  // expression
      let register = try reader.readUnsigned()
      set(register, .savedAt(try expression(&reader)))
    case 0x11:  // offset_extended_sf
      let register = try reader.readUnsigned()
      set(register, .saved(offset: try signedOffset(&reader)))
    case 0x12:  // def_cfa_sf
      let register = try Self.known(reader.readUnsigned())
      row.frameAddress = .register(register, offset: try signedOffset(&reader))
    case 0x13:  // def_cfa_offset_sf
      guard case .register(let register, _) = row.frameAddress else { throw .malformed }
      row.frameAddress = .register(register, offset: try signedOffset(&reader))
    case 0x14:  // val_offset
      let register = try reader.readUnsigned()
      set(register, .frameAddress(offset: try unsignedOffset(&reader)))
    case 0x15:  // val_offset_sf
      let register = try reader.readUnsigned()
      set(register, .frameAddress(offset: try signedOffset(&reader)))
    case 0x16:  // val_expression
      let register = try reader.readUnsigned()
      set(register, .computed(try expression(&reader)))
    case 0x2e:  // GNU_args_size: matters only to landing pads
      _ = try reader.readUnsigned()
    default:
      throw .unsupported
    }
  }

  /// Vector registers and the like have rules too, which nobody needs.
  private mutating func set(_ register: UInt64, _ rule: CallFrameRow.Rule) {
    if register < UInt64(Registers.count) { row.rules[Int(register)] = rule }
  }

  private mutating func restore(_ register: UInt64) throws(CallFrameError) {
    guard let initial else { throw .malformed }
    if register < UInt64(Registers.count) {
      row.rules[Int(register)] = initial.rules[Int(register)]
    }
  }

  private static func known(_ register: UInt64) throws(CallFrameError) -> Int {
    guard register < UInt64(Registers.count) else { throw .unsupported }
    return Int(register)
  }

  private func plainOffset(_ reader: inout CallFrameReader) throws(CallFrameError) -> Int64 {
    Int64(bitPattern: try reader.readUnsigned())
  }

  private func unsignedOffset(_ reader: inout CallFrameReader) throws(CallFrameError) -> Int64 {
    Int64(bitPattern: try reader.readUnsigned()) &* common.dataAlignment
  }

  private func signedOffset(_ reader: inout CallFrameReader) throws(CallFrameError) -> Int64 {
    try reader.readSigned() &* common.dataAlignment
  }

  private func expression(_ reader: inout CallFrameReader) throws(CallFrameError)
    -> CallFrameExpression
  {
    let size = try reader.readUnsigned()
    return CallFrameExpression(try reader.part(count: size))
  }
}
