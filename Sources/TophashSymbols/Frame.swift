/// One frame of a stack in words.
///
/// Inlined functions have frames of their own, innermost first, which share the address of the
/// function they were inlined into.
package struct Frame: Hashable, Sendable {
  /// The address that was symbolised, in the process.
  package var address: UInt64
  /// Path of the image it lies in; `nil` when no image holds it.
  package var image: String?
  /// The address in the image's file.
  package var offset: UInt64
  /// The mangled symbol name, when there is one.
  package var symbol: String?
  /// The function as a Swift reader would write it, `Inventory.add(_:count:)`, or
  /// `Module + 0x1234` when nothing better is known.
  package var function: String
  /// The module that declares the function, when known.
  package var module: String?
  /// The source location; `nil` without line information.
  package var location: SourceLocation?
  /// True for a function that the compiler inlined into the next frame.
  package var isInlined: Bool
  /// True for a function that the compiler made up between two of the source: a forwarder, a
  /// witness, a metadata accessor.
  package var isThunk: Bool
  /// True for a function that the compiler made of several alike: any of them may be meant.
  package var isMerged: Bool

  package init(
    address: UInt64, image: String?, offset: UInt64, symbol: String?, function: String,
    module: String?, location: SourceLocation?, isInlined: Bool, isThunk: Bool = false,
    isMerged: Bool = false
  ) {
    self.address = address
    self.image = image
    self.offset = offset
    self.symbol = symbol
    self.function = function
    self.module = module
    self.location = location
    self.isInlined = isInlined
    self.isThunk = isThunk
    self.isMerged = isMerged
  }
}

/// A place in a source file.
package struct SourceLocation: Hashable, Sendable {
  package var file: String
  /// From 1.
  package var line: Int
  /// From 1; 0 when not known.
  package var column: Int
  package var precision: Precision

  /// How well a line is known.
  package enum Precision: Hashable, Sendable {
    /// The compiler gave it to this very address.
    case exact
    /// The address has none; the nearest line of the same function stands in for it.
    case nearest
    /// The function has none, as it was merged of several; that of its caller stands in for it.
    case caller
  }

  package init(file: String, line: Int, column: Int, precision: Precision = .exact) {
    self.file = file
    self.line = line
    self.column = column
    self.precision = precision
  }
}
