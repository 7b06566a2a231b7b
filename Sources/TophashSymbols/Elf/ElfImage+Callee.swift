extension ElfImage {
  /// The name of the function that the call before the return address `vaddr` goes to, here or
  /// in another image; `nil` for a call through a register, and for no call at all.
  func callee(before vaddr: UInt64) -> String? {
    callTarget(before: vaddr).flatMap { imported(byStubAt: $0) ?? symbol(containing: $0)?.name }
  }

  /// Where the call before the return address `vaddr` goes to; `nil` for a call through a register,
  /// and for no call at all.
  func callTarget(before vaddr: UInt64) -> UInt64? {
    guard vaddr >= 5, load(UInt8.self, at: vaddr - 5) == 0xe8,
      let distance = load(Int32.self, at: vaddr - 4)
    else { return nil }
    return vaddr &+ UInt64(bitPattern: Int64(distance))
  }

  /// The name behind a stub of the procedure linkage table: a jump through a word that the
  /// dynamic linker fills in, perhaps with `endbr64` and a prefix before it.
  private func imported(byStubAt stub: UInt64) -> String? {
    var place = stub
    if load(UInt32.self, at: place) == 0xfa1e_0ff3 { place &+= 4 }
    if load(UInt8.self, at: place) == 0xf2 { place &+= 1 }
    guard load(UInt16.self, at: place) == 0x25ff, let distance = load(Int32.self, at: place &+ 2)
    else { return nil }
    return relocations[place &+ 6 &+ UInt64(bitPattern: Int64(distance))]?.symbol
  }
}
