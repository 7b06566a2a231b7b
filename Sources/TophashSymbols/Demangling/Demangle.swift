import Foundation

/// The full Swift name behind a mangled symbol, as `swift demangle` prints it; `nil` when the
/// symbol is not a Swift one.
package func demangle(_ symbol: String) -> String? {
  var symbol = symbol
  let count = symbol.utf8.count
  return symbol.withUTF8 { bytes -> String? in
    guard let result = swiftDemangle(bytes.baseAddress, count, nil, nil, 0) else { return nil }
    defer { free(result) }
    return String(cString: result)
  }
}

/// Exported by the Swift runtime; the result, when there is one, is allocated by `malloc`.
@_silgen_name("swift_demangle")
private func swiftDemangle(
  _ name: UnsafePointer<UInt8>?, _ length: Int, _ buffer: UnsafeMutablePointer<CChar>?,
  _ size: UnsafeMutablePointer<Int>?, _ flags: UInt32
) -> UnsafeMutablePointer<CChar>?
