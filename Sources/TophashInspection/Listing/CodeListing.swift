import TophashSymbols

/// The instructions of one function, with what they mean.
package struct CodeListing: Sendable {
  package struct Line: Hashable, Sendable {
    package var address: UInt64
    /// As a disassembler writes it, or as much as is known without one.
    package var text: String
    package var marks: [CodeMark]
    /// What the mark is about: the function called, the kind of access.
    package var note: String?
  }

  package var binary: String
  /// In words, and mangled.
  package var name: String
  package var symbol: String?
  package var range: Range<UInt64>
  package var lines: [Line]
  /// False when it ends in bytes that are no known code.
  package var isComplete: Bool

  package func count(_ mark: CodeMark) -> Int {
    lines.count { $0.marks.contains(mark) }
  }

  /// The functions that it calls, each once, in order.
  package var callees: [String] {
    var known: Set<String> = []
    return lines.compactMap { line in
      line.marks.isEmpty ? nil : line.note
    }.filter { known.insert($0).inserted }
  }
}

/// Finds functions of an image and reads their code.
package final class CodeReader {
  private let code: CodeImage
  private var names: [UInt64: (name: String, symbol: String?)] = [:]

  package init(_ image: ElfImage) {
    code = CodeImage(image)
  }

  /// A function that was asked for.
  package struct Match: Hashable, Sendable {
    package var name: String
    package var symbol: String?
    package var range: Range<UInt64>
  }

  /// The functions of that name: mangled, or in words as in a report. Where no name is equal, those
  /// that end with it count, and then those that have it somewhere.
  ///
  /// - Complexity: O(n) in the number of functions.
  package func functions(named wanted: String) -> [Match] {
    let all = code.functions.compactMap { function -> Match? in
      guard let symbol = function.symbol, !Self.isStub(symbol) else { return nil }
      return Match(name: FunctionName(symbol: symbol).text, symbol: symbol, range: function.range)
    }
    let tests: [(Match) -> Bool] = [
      { $0.symbol == wanted }, { $0.name == wanted }, { $0.name.hasSuffix("." + wanted) },
      { $0.name.hasPrefix(wanted + "(") || $0.name.contains("." + wanted + "(") },
      { $0.name.contains(wanted) },
    ]
    for test in tests {
      let found = all.filter(test)
      if !found.isEmpty { return found }
    }
    return []
  }

  /// What the linker adds.
  private static func isStub(_ symbol: String) -> Bool {
    symbol.hasSuffix("@plt") || symbol == "_init" || symbol == "_fini"
  }

  /// - Parameter disassembler: path of an `llvm-objdump`; `nil` to do without its words.
  package func listing(of match: Match, disassembler: String?) -> CodeListing {
    let texts =
      disassembler.map {
        Disassembly(tool: $0).texts(image: code.image.path, range: match.range)
      } ?? [:]
    var listing = CodeListing(
      binary: code.image.path, name: match.name, symbol: match.symbol, range: match.range,
      lines: [], isComplete: true)
    let bytes = code.code(match.range) ?? []
    var decoder = InstructionDecoder(code: bytes, address: match.range.lowerBound)
    /// The flags that the next access will have.
    var flags: Int64?
    while let instruction = decoder.next() {
      if instruction.isPadding { continue }
      if let value = instruction.constant(in: Register.rdx) { flags = value }
      var line = line(instruction, flags)
      line.text = texts[instruction.address].map { self.text($0, instruction) } ?? line.text
      listing.lines.append(line)
    }
    listing.isComplete = decoder.position == bytes.count
    return listing
  }

  private func line(_ instruction: Instruction, _ flags: Int64?) -> CodeListing.Line {
    var line = CodeListing.Line(address: instruction.address, text: "…", marks: [], note: nil)
    if instruction.isLocked { line.marks.append(.locked) }
    if instruction.isTrap { line.marks.append(.trap) }
    if instruction.isCall || instruction.leaves(range: rangeOfFunction(at: instruction.address)) {
      let callee = instruction.branchTarget.map(code.target) ?? slotTarget(instruction)
      let verb = instruction.isCall ? "call" : "jump"
      switch callee {
      case .symbol(let symbol)?: call(symbol, FunctionName(symbol: symbol).text)
      case .function(let address)?:
        let (name, symbol) = self.name(at: address)
        if let symbol { call(symbol, name) } else { mark(.call, name) }
      case .unknown?, nil: mark(.indirect, nil)
      }
      func mark(_ mark: CodeMark, _ name: String?) {
        line.marks.append(mark)
        line.note = name
        line.text = "\(verb) \(name ?? "*")"
      }
      func call(_ symbol: String, _ name: String) {
        mark(CodeMark(symbol: symbol, demangled: demangle), name)
        if symbol == Runtime.beginAccess, let flags {
          let kind = flags & Runtime.AccessFlags.modifies != 0 ? "modify" : "read"
          let end = flags & Runtime.AccessFlags.isTracked != 0 ? "tracked" : "instantaneous"
          line.note = "\(kind), \(end)"
        }
      }
    } else if let target = instruction.jumpTarget {
      line.text = "jump \(place(target))"
    }
    return line
  }

  /// `call *slot(%rip)`: how a function of another library is reached without a stub.
  private func slotTarget(_ instruction: Instruction) -> Trace.Target? {
    guard let memory = instruction.memory, memory.isRelative else { return nil }
    let slot = instruction.next &+ UInt64(bitPattern: memory.displacement)
    return switch code.pointer(at: slot) {
    case .symbol(let name): .symbol(name)
    case .address(let address): code.target(at: address)
    case nil: nil
    }
  }

  private func rangeOfFunction(at address: UInt64) -> Range<UInt64> {
    var low = 0
    var high = code.functions.count
    while low < high {
      let middle = (low + high) / 2
      if code.functions[middle].range.lowerBound <= address {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low > 0 ? code.functions[low - 1].range : address..<address
  }

  private func name(at address: UInt64) -> (name: String, symbol: String?) {
    if let known = names[address] { return known }
    let symbol = code.functions.first { $0.range.lowerBound == address }?.symbol
    let name = symbol.map { FunctionName(symbol: $0).text } ?? "0x" + String(address, radix: 16)
    names[address] = (name, symbol)
    return (name, symbol)
  }

  /// `+0x40` within a function, so that two builds can be compared.
  private func place(_ target: UInt64) -> String {
    let range = rangeOfFunction(at: target)
    return range.contains(target) ? "+0x" + String(target - range.lowerBound, radix: 16) : "?"
  }

  /// The disassembler's words, without what differs between two builds of the same code.
  private func text(_ text: String, _ instruction: Instruction) -> String {
    guard instruction.branchTarget != nil else { return text }
    let mnemonic = text.prefix { $0 != " " && $0 != "\t" }
    if instruction.isCall || instruction.leaves(range: rangeOfFunction(at: instruction.address)) {
      let callee = name(of: instruction)
      return "\(mnemonic) \(callee)"
    }
    return "\(mnemonic) \(place(instruction.branchTarget!))"
  }

  private func name(of instruction: Instruction) -> String {
    switch instruction.branchTarget.map(code.target) {
    case .symbol(let symbol)?: FunctionName(symbol: symbol).text
    case .function(let address)?: name(at: address).name
    default: "?"
    }
  }
}

extension Instruction {
  /// `ud2` and `int3`.
  var isTrap: Bool {
    (map == .secondary && opcode == 0x0b) || (map == .primary && opcode == 0xcc)
  }

  /// A jump to another function stands for a call and a return.
  func leaves(range: Range<UInt64>) -> Bool {
    if isCall { return false }
    if isIndirectJump { return memory != nil }
    guard let jumpTarget else { return false }
    return !range.contains(jumpTarget)
  }

  /// The constant that the instruction puts into a register, if it does.
  func constant(in register: UInt8) -> Int64? {
    guard map == .primary else { return nil }
    if (0xb8...0xbf).contains(opcode), opcode & 7 | (rm & 8) == register { return immediate }
    if opcode == 0xc7, memory == nil, rm == register { return immediate }
    if opcode == 0x31 || opcode == 0x33, memory == nil, rm == register, reg == register { return 0 }
    return nil
  }
}
