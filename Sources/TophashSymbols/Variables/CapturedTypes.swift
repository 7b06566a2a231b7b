/// What a box or a closure's context holds, as its metadata says.
package struct CapturedTypes {
  private let reader: MetadataReader

  package init(_ image: ElfImage) {
    let loaded = LoadedImage(path: image.path, base: 0, range: image.addressRange ?? 0..<0)
    let images = ImageSet([loaded], cache: ElfImageCache([image.path: image]))
    reader = MetadataReader(ProcessMemory(images: images, snapshot: SnapshotMemory([])))
  }

  /// The type of the first value that is kept with the metadata at `address`; `nil` when it
  /// cannot be told.
  package func first(at address: UInt64) -> Captured? {
    let memory = reader.types.memory
    guard let description = memory.pointer(at: address &+ 16), description != 0,
      let count = memory.load(UInt32.self, at: description), count > 0,
      let bindings = memory.load(UInt32.self, at: description &+ 8), bindings == 0,
      let type = memory.relativePointer(at: description &+ 12)
        .flatMap({ reader.types.type(named: $0) }), let source = type.text(.source),
      let qualified = type.text(.qualified)
    else { return nil }
    return Captured(type: source, qualifiedType: qualified, objectType: type.objectName)
  }

  package struct Captured {
    package var type: String
    package var qualifiedType: String
    /// Full name of the class that the value refers to, if it is a reference.
    package var objectType: String?
  }
}
