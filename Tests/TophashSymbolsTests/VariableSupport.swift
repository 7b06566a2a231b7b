import CTophashCore
import Foundation
import TophashSymbols

/// The images of a process, as the probe records them, from the lines of its memory map.
///
/// An image is what is executed. Files that other tests only read are mapped as well, for a
/// moment, and then their place becomes somebody's heap.
func mappedImages(_ maps: [String]) -> [LoadedImage] {
  var images: [String: LoadedImage] = [:]
  var bases: [String: UInt64] = [:]
  for line in maps {
    // ADDRESSES PERMISSIONS OFFSET DEVICE INODE PATH; the data without content in the file is
    // mapped behind the others, without a name.
    guard let start = line.firstIndex(of: "/") else { continue }
    let path = String(line[start...])
    let fields = line.split(separator: " ", maxSplits: 3)
    // The mapping of a file's beginning that is next before its code is at the load bias.
    if UInt64(fields[2], radix: 16) == 0 {
      bases[path] = UInt64(line.prefix { $0 != "-" }, radix: 16)!
    }
    guard fields[1].contains("x"), images[path] == nil, let base = bases[path],
      let range = try? ElfImage(path: path).addressRange
    else { continue }
    images[path] = LoadedImage(
      path: path, base: base, range: base + range.lowerBound..<base + range.upperBound)
  }
  return Array(images.values)
}

/// The images of this process.
let images: [LoadedImage] = {
  let maps = try! FileHandle(forReadingFrom: URL(filePath: "/proc/self/maps")).readToEnd()!
  return mappedImages(String(decoding: maps, as: UTF8.self).split(separator: "\n").map(String.init))
}()

/// Names variables of this process.
let namer = VariableNamer(images: images)

/// What the probe would record about `address` of this process.
func snapshot(at address: UInt64) -> [UInt8] {
  [UInt8](unsafeUninitializedCapacity: 16384) { buffer, count in
    count = Int(tophash_snapshot_collect(address, buffer.baseAddress!, UInt32(buffer.count)))
  }
}

/// What the namer says about the place that `value` is stored at.
func named<T>(_ value: inout T) -> Variable {
  withUnsafeMutablePointer(to: &value) { pointer in
    let address = UInt64(UInt(bitPattern: pointer))
    return namer.variable(at: address, snapshot: snapshot(at: address))
  }
}

/// `Module.name : type`, as reports show it.
func words(_ variable: Variable) -> String {
  let name = [variable.module, variable.name].compactMap(\.self).joined(separator: ".")
  return variable.type.map { "\(name) : \($0)" } ?? name
}
