/// Turns the addresses of a process into functions and source locations.
///
/// Names come from `llvm-symbolizer` where there is one, otherwise from the images themselves;
/// both tell inlined functions apart. Images that cannot be read leave `Module + 0x1234`.
package struct Symbolizer: Sendable {
  private let images: [LoadedImage]
  private let tool: SymbolizerTool?
  private let cache: ElfImageCache

  /// - Parameters:
  ///   - images: Where the process had which file.
  ///   - toolPath: An `llvm-symbolizer`, see `SymbolizerTool.find(in:)`; `nil` to do without.
  ///   - cache: Opened images, to share with others who read them.
  package init(images: [LoadedImage], toolPath: String?, cache: ElfImageCache = ElfImageCache()) {
    self.images = images
    tool = toolPath.map(SymbolizerTool.init)
    self.cache = cache
  }

  /// The frames at each address, innermost first; more than one where functions were inlined.
  ///
  /// Addresses are return addresses, so the instruction before each is looked up. The exception is
  /// an address at which the rest of an `async` function starts: it stands for itself, as in the
  /// chain of awaiting callers.
  ///
  /// - Complexity: For each image one process and one pass over its line table; without the tool,
  ///   one pass over the debug information of the compile units that hold an address.
  package func frames(at addresses: [UInt64]) -> [UInt64: [Frame]] {
    var places: [String: [Place]] = [:]
    var frames: [UInt64: [Frame]] = [:]
    for address in Set(addresses) {
      if let image = images.first(where: { $0.range.contains(address &- 1) })
        ?? images.first(where: { $0.range.contains(address) })
      {
        places[image.path, default: []].append(Place(address: address, image: image))
      } else {
        frames[address] = [.unknown(at: address)]
      }
    }
    for (path, places) in places {
      let lookup = ImageLookup(path: path, image: try? cache.image(at: path), tool: tool)
      frames.merge(lookup.frames(at: places)) { first, _ in first }
    }
    return frames
  }
}

/// An address in a process, and the image that holds it.
struct Place {
  var address: UInt64
  var image: LoadedImage

  /// The address in the image's file.
  var offset: UInt64 { address &- image.base }
}

extension Frame {
  /// A frame in no known image.
  package static func unknown(at address: UInt64) -> Frame {
    Frame(
      address: address, image: nil, offset: address, symbol: nil,
      function: "0x\(String(address, radix: 16))", module: nil, location: nil, isInlined: false)
  }
}
