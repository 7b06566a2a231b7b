import TophashSymbols

/// What an instruction does to the memory that it names.
package enum MemoryUse: Hashable, Sendable {
  case read, write
  /// A write that no other comes between.
  case atomic
}

/// Finds the instructions of an image by where they end: a watchpoint tells no more.
package final class MemoryUses {
  private let code: CodeImage
  private let ranges: [Range<UInt64>]

  package init(_ image: ElfImage) {
    code = CodeImage(image)
    ranges = code.functions.map(\.range).sorted { $0.lowerBound < $1.lowerBound }
  }

  /// What the instruction before `address`, in the file, does; `nil` when it cannot be told.
  ///
  /// - Complexity: O(n) in the length of the function.
  package func use(before address: UInt64) -> MemoryUse? {
    guard let range = function(holding: address &- 1), let bytes = code.code(range) else {
      return nil
    }
    var decoder = InstructionDecoder(code: bytes, address: range.lowerBound)
    while let instruction = decoder.next(), instruction.next <= address {
      guard instruction.next == address else { continue }
      return instruction.memoryUse
    }
    return nil
  }

  private func function(holding address: UInt64) -> Range<UInt64>? {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].lowerBound <= address { low = middle + 1 } else { high = middle }
    }
    return low > 0 && ranges[low - 1].contains(address) ? ranges[low - 1] : nil
  }
}

extension Instruction {
  /// What it does to its operand in memory.
  var memoryUse: MemoryUse {
    if isLocked { return .atomic }
    return writesMemory || isStringStore ? .write : .read
  }

  /// `movs` and `stos`, which name no operand.
  var isStringStore: Bool {
    map == .primary && [0xa4, 0xa5, 0xaa, 0xab].contains(opcode)
  }
}
