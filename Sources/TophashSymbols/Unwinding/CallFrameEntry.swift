/// What the functions of one compiler's output have in common (a CIE).
struct CallFrameCommon: Sendable {
  /// Multiplies the advances of locations.
  var codeAlignment: UInt64
  /// Multiplies the offsets of saved registers.
  var dataAlignment: Int64
  /// The column that stands for the return address.
  var returnAddressColumn: Int
  /// How the entries write their addresses.
  var pointerEncoding: PointerEncoding
  /// Whether the kernel made these frames: the caller was interrupted, it did not call.
  var isSignalFrame: Bool
  /// Whether entries have a block of additional data, and say its length.
  var hasAugmentation: Bool
  /// Run before the instructions of each entry.
  var instructions: CallFrameReader

  /// Parses the record that `record` holds, after its identifying zero.
  init(_ record: CallFrameReader) throws(CallFrameError) {
    var reader = record
    let version = try reader.read(UInt8.self)
    guard version == 1 || version == 3 else { throw .unsupported }
    let augmentation = try reader.readString()
    codeAlignment = try reader.readUnsigned()
    dataAlignment = try reader.readSigned()
    let column = version == 1 ? UInt64(try reader.read(UInt8.self)) : try reader.readUnsigned()
    guard column < UInt64(Registers.count) else { throw .unsupported }
    returnAddressColumn = Int(column)
    pointerEncoding = .absolute
    isSignalFrame = false
    hasAugmentation = augmentation.first == UInt8(ascii: "z")

    if hasAugmentation {
      let size = try reader.readUnsigned()
      var data = try reader.part(count: size)
      letters: for letter in augmentation.dropFirst() {
        switch letter {
        case UInt8(ascii: "R"):
          pointerEncoding = PointerEncoding(rawValue: try data.read(UInt8.self))
        case UInt8(ascii: "L"):
          _ = try data.read(UInt8.self)
        case UInt8(ascii: "P"):
          // The personality is not needed: only its size counts.
          let encoding = PointerEncoding(rawValue: try data.read(UInt8.self))
          _ = try data.readPointer(encoding.withoutBase)
        case UInt8(ascii: "S"):
          isSignalFrame = true
        default:
          break letters  // its size is unknown, and so are those of all that follow
        }
      }
    } else if !augmentation.isEmpty {
      throw .unsupported
    }
    instructions = reader
  }
}

/// How to unwind from one function (an FDE).
struct CallFrameEntry: Sendable {
  var common: CallFrameCommon
  /// The addresses of the function in the image.
  var range: Range<UInt64>
  var instructions: CallFrameReader

  /// Parses the record that `record` holds, after its reference to `common`.
  init(_ record: CallFrameReader, common: CallFrameCommon, in image: ElfImage)
    throws(CallFrameError)
  {
    var reader = record
    let start = try reader.readPointer(common.pointerEncoding, in: image)
    let size = try reader.readPointer(common.pointerEncoding.withoutBase)
    let (end, overflow) = start.addingReportingOverflow(size)
    guard !overflow else { throw .malformed }
    if common.hasAugmentation {
      let size = try reader.readUnsigned()
      _ = try reader.part(count: size)
    }
    self.common = common
    range = start..<end
    instructions = reader
  }
}
