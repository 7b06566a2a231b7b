import TophashSymbols

/// An image as its code sees it: calls and addresses resolved as the dynamic linker would.
final class CodeImage {
  /// What a word in the image holds once it is loaded.
  enum Pointer: Hashable {
    case address(UInt64)
    case symbol(String)
  }

  let image: ElfImage
  let functions: [ElfFunction]
  private let starts: Set<UInt64>
  /// Addresses of symbols that the image defines and also refers to by name.
  private var own: [String: UInt64] = [:]
  /// The runtime's functions where it is linked in.
  private var runtime: [UInt64: String] = [:]
  private var targets: [UInt64: Trace.Target] = [:]

  init(_ image: ElfImage) {
    self.image = image
    functions = image.functions
    starts = Set(functions.lazy.map(\.range.lowerBound))
    for function in functions {
      if let symbol = function.symbol, symbol.hasPrefix("swift_") {
        runtime[function.range.lowerBound] = symbol
      }
    }
    let relocations = image.relocations
    let names = Set(relocations.addresses.lazy.compactMap { relocations[$0]?.symbol })
    for symbol in image.symbols where symbol.isDefined && names.contains(symbol.name) {
      own[symbol.name] = symbol.value
    }
  }

  func code(_ range: Range<UInt64>) -> [UInt8]? {
    // No function of a real program comes near this.
    let size = range.upperBound - range.lowerBound
    guard size <= 1 << 26 else { return nil }
    return image.read(at: range.lowerBound, count: Int(size))
  }

  func isWritable(_ address: UInt64) -> Bool {
    image.segments.contains { $0.kind == .load && $0.isWritable && $0.contains(address) }
  }

  /// The pointer at `address`, when the program cannot change it.
  func pointer(at address: UInt64) -> Pointer? {
    if let relocation = image.relocations[address] {
      let isGlobalOffset = relocation.type == 6 || relocation.type == 7
      guard isGlobalOffset || isConstant(address) else { return nil }
      guard let symbol = relocation.symbol else {
        return .address(UInt64(bitPattern: relocation.addend))
      }
      if let value = own[symbol] {
        return .address(value &+ UInt64(bitPattern: relocation.addend))
      }
      return .symbol(symbol)
    }
    guard image.kind == .executable, isConstant(address) else { return nil }
    return image.load(UInt64.self, at: address).map(Pointer.address)
  }

  /// Read-only, or made so after relocation.
  private func isConstant(_ address: UInt64) -> Bool {
    let relro = ElfSegment.Kind.other(0x6474_e552)
    return !isWritable(address)
      || image.segments.contains { $0.kind == relro && $0.contains(address) }
  }

  /// Whom a call of `address` reaches: a stub of the linkage table passes it on.
  func target(at address: UInt64) -> Trace.Target {
    if let known = targets[address] { return known }
    var target = Trace.Target.function(address)
    if let name = runtime[address] {
      target = .symbol(name)
    } else if let slot = stubSlot(at: address) {
      switch pointer(at: slot) {
      case .symbol(let name): target = .symbol(name)
      case .address(let other):
        target = runtime[other].map(Trace.Target.symbol) ?? .function(other)
      case nil: target = .unknown
      }
    }
    targets[address] = target
    return target
  }

  /// The slot that a stub jumps through: `jmp *slot(%rip)`, with or without a landing mark.
  private func stubSlot(at address: UInt64) -> UInt64? {
    var place = address
    if image.load(UInt32.self, at: place) == 0xfa1e_0ff3 { place &+= 4 }
    if image.load(UInt8.self, at: place) == 0xf2 { place &+= 1 }
    guard image.load(UInt16.self, at: place) == 0x25ff,
      let distance = image.load(Int32.self, at: place &+ 2)
    else { return nil }
    return place &+ 6 &+ UInt64(bitPattern: Int64(distance))
  }

  /// The function that `address` stands for: its own, or that of the record which describes an
  /// asynchronous one by a relative reference.
  func function(at address: UInt64) -> UInt64? {
    if starts.contains(address) { return address }
    guard !image.isExecutable(address), let distance = image.load(Int32.self, at: address),
      distance != 0
    else { return nil }
    let target = address &+ UInt64(bitPattern: Int64(distance))
    return starts.contains(target) ? target : nil
  }
}
