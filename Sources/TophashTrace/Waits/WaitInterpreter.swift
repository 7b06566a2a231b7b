import TophashSymbols

/// Turns what was recorded of a wait into words. Tests put a table of words in its place.
package protocol WaitInterpreter {
  /// A place's whole stack, innermost first, as far as it can be told.
  func stack(of place: WaitFile.Place) -> [UInt64]

  /// The frames at each address, innermost first; more than one where code was inlined.
  func frames(at addresses: [UInt64]) -> [UInt64: [Frame]]

  /// The type whose metadata lies at `address`, without its module.
  func type(ofMetadata address: UInt64) -> String?
}

/// Reads a process's images.
package struct ImageWaitInterpreter: WaitInterpreter {
  private let images: [LoadedImage]
  private let cache: ElfImageCache
  private let symbolizer: Symbolizer
  private let unwinder: Unwinder

  /// - Parameters:
  ///   - tool: path of an `llvm-symbolizer`; `nil` to do without.
  ///   - cache: Opened images, to share between processes.
  package init(images: [LoadedImage], tool: String?, cache: ElfImageCache) {
    self.images = images
    self.cache = cache
    symbolizer = Symbolizer(images: images, toolPath: tool, cache: cache)
    unwinder = Unwinder(images: images, cache: cache)
  }

  package func stack(of place: WaitFile.Place) -> [UInt64] {
    guard !place.stack.isEmpty else { return place.frames }
    return unwinder.stack(
      framePointerWalk: place.frames, stackPointer: place.stackPointer,
      framePointer: place.framePointer, stack: place.stack)
  }

  package func frames(at addresses: [UInt64]) -> [UInt64: [Frame]] {
    symbolizer.frames(at: addresses)
  }

  package func type(ofMetadata address: UInt64) -> String? {
    guard let image = images.first(where: { $0.range.contains(address) }),
      let symbol = try? cache.image(at: image.path).symbol(containing: address &- image.base),
      let name = demangle(symbol.name),
      let prefix = ["full type metadata for ", "type metadata for "].first(where: name.hasPrefix)
    else { return nil }
    // The module goes; what the type is nested in stays.
    return String(name.dropFirst(prefix.count).drop { $0 != "." }.dropFirst())
  }
}
