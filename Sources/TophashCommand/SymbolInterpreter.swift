import TophashFindings
import TophashSymbols

/// Reads a process's images to turn its addresses into words.
struct SymbolInterpreter: Interpreter {
  let images: [LoadedImage]

  init(images: [LoadedImage]) {
    self.images = images
  }

  func frames(at addresses: [UInt64]) -> [UInt64: [Frame]] {
    var frames: [UInt64: [Frame]] = [:]
    for address in addresses {
      guard let image = images.first(where: { $0.range.contains(address) }) else { continue }
      let offset = address - image.base
      frames[address] = [
        Frame(
          address: address, image: image.path, offset: offset, symbol: nil,
          function: "\(image.path.lastComponent) + 0x\(String(offset, radix: 16))", module: nil,
          location: nil, isInlined: false)
      ]
    }
    return frames
  }

  func variable(at address: UInt64, snapshot: [UInt8]) -> Variable {
    Variable(kind: .unknown, module: nil, name: "a variable", type: nil)
  }
}
