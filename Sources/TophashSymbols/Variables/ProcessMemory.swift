import Synchronization

/// The images of a process, opened when first needed.
final class ImageSet: Sendable {
  /// A file that is mapped into the process.
  struct Image: Sendable {
    var loaded: LoadedImage
    var file: ElfImage

    /// The address in the file; it may lie outside of it.
    func vaddr(_ address: UInt64) -> UInt64 { address &- loaded.base }
  }

  private let images: [LoadedImage]
  private let cache: ElfImageCache
  private let definitions = Mutex<[String: UInt64?]>([:])

  init(_ images: [LoadedImage], cache: ElfImageCache = ElfImageCache()) {
    // Symbols are looked up by name in all images; most are the standard library's.
    let (runtime, others) = images.reduce(into: ([LoadedImage](), [LoadedImage]())) {
      if $1.path.contains("/libswiftCore.") { $0.0.append($1) } else { $0.1.append($1) }
    }
    self.images = runtime + others
    self.cache = cache
  }

  /// The image that holds `address`; `nil` when none does, or when its file cannot be read.
  func image(at address: UInt64) -> Image? {
    images.first { $0.range.contains(address) }.flatMap(opened)
  }

  private func opened(_ loaded: LoadedImage) -> Image? {
    (try? cache.image(at: loaded.path)).map { Image(loaded: loaded, file: $0) }
  }

  /// The address in the process of what Swift code calls `symbol`.
  ///
  /// Opens images until one defines it; the answer is kept.
  func definition(of symbol: String) -> UInt64? {
    if let known = definitions.withLock({ $0[symbol] }) { return known }
    var address: UInt64?
    for loaded in images where address == nil {
      guard let image = opened(loaded), image.file.hasSwiftCode else { continue }
      address = image.file.symbols.named(symbol).first { $0.isDefined }
        .map { $0.value &+ image.loaded.base }
    }
    definitions.withLock { $0[symbol] = .some(address) }
    return address
  }
}

/// The memory of the checked process, put together from a snapshot and from the images' files.
///
/// The snapshot wins, since it is what the process really held. Everything else is what the
/// loader made of a file, so data that the program has changed since is not seen.
///
/// Damaged descriptors can refer to each other without end, and in numbers that grow with every
/// step. So reading is bounded as a whole: after `maximumReads` nothing can be read any more.
struct ProcessMemory {
  let images: ImageSet
  let snapshot: SnapshotMemory
  private let budget: Budget

  /// An ordinary variable takes some hundred reads; one deep within large structs, thousands.
  static let maximumReads = 1 << 18

  private final class Budget {
    var reads: Int

    init(_ reads: Int) {
      self.reads = reads
    }

    func spend() -> Bool {
      guard reads > 0 else { return false }
      reads -= 1
      return true
    }
  }

  init(
    images: ImageSet, snapshot: SnapshotMemory, maximumReads: Int = ProcessMemory.maximumReads
  ) {
    self.images = images
    self.snapshot = snapshot
    budget = Budget(maximumReads)
  }

  /// What a pointer in an image points at.
  enum Target {
    case address(UInt64)
    /// A symbol of an image that is not at hand.
    case symbol(String)
  }

  /// The integer at `address`, without regard to relocations.
  func load<T: FixedWidthInteger>(_ type: T.Type = T.self, at address: UInt64) -> T? {
    guard budget.spend() else { return nil }
    if let value = snapshot.load(T.self, at: address) { return value }
    guard let image = images.image(at: address) else { return nil }
    return image.file.load(T.self, at: image.vaddr(address))
  }

  /// The pointer at `address`, relocated.
  func target(at address: UInt64) -> Target? {
    guard budget.spend() else { return nil }
    if let value = snapshot.load(UInt64.self, at: address) { return .address(value) }
    guard let image = images.image(at: address) else { return nil }
    let vaddr = image.vaddr(address)
    guard let relocation = image.file.relocations[vaddr] else {
      return image.file.load(UInt64.self, at: vaddr).map(Target.address)
    }
    let addend = UInt64(bitPattern: relocation.addend)
    guard let symbol = relocation.symbol else { return .address(image.loaded.base &+ addend) }
    return images.definition(of: symbol).map { .address($0 &+ addend) } ?? .symbol(symbol)
  }

  /// The same, when what it points at is at hand.
  func pointer(at address: UInt64) -> UInt64? {
    guard case .address(let address)? = target(at: address) else { return nil }
    return address
  }

  /// The address that the 32-bit relative pointer at `address` points at; `nil` when it is null.
  func relativePointer(at address: UInt64) -> UInt64? {
    guard let offset = load(Int32.self, at: address), offset != 0 else { return nil }
    return address &+ UInt64(bitPattern: Int64(offset))
  }

  /// A relative pointer that leads to a pointer when its lowest bit is set.
  func indirectablePointer(at address: UInt64) -> Target? {
    guard let pointer = relativePointer(at: address) else { return nil }
    return pointer & 1 == 0 ? .address(pointer) : target(at: pointer & ~1)
  }

  /// The zero-terminated string at `address`; `nil` when it is longer than a name may be.
  func string(at address: UInt64) -> String? {
    guard budget.spend() else { return nil }
    if let text = snapshot.string(at: address) { return text }
    guard let image = images.image(at: address),
      let text = image.file.string(at: image.vaddr(address)), text.utf8.count <= 1024
    else { return nil }
    return text
  }

  /// The mangled type name at `address`: it ends at a zero byte, but symbolic references in it
  /// may hold zeros of their own.
  func typeName(at address: UInt64) -> [UInt8]? {
    guard budget.spend(), let image = images.image(at: address) else { return nil }
    var name: [UInt8] = []
    var place = image.vaddr(address)
    while name.count < 2048, let byte = image.file.load(UInt8.self, at: place) {
      if byte == 0 { return name }
      name.append(byte)
      place &+= 1
      if byte < 0x20 {
        for _ in 0..<(byte < 0x18 ? 4 : 8) {
          guard let part = image.file.load(UInt8.self, at: place) else { return nil }
          name.append(part)
          place &+= 1
        }
      }
    }
    return nil
  }
}
