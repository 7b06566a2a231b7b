import Foundation
import Testing

@testable import TophashSymbols

/// What the runtime's value witness table says about a type.
private struct Witnessed: Equatable, CustomStringConvertible {
  var size: UInt64
  var alignment: UInt64
  var extraInhabitants: UInt64

  init(_ layout: TypeLayout) {
    size = layout.size
    alignment = layout.alignment
    extraInhabitants = min(layout.extraInhabitants, 4096)
  }

  /// Of metadata in this very process; `nil` while it is not set up.
  init?(metadata: UInt64) {
    guard let word = UnsafePointer<UInt>(bitPattern: UInt(metadata - 8))?.pointee,
      let table = UnsafeRawPointer(bitPattern: word)
    else { return nil }
    let flags = table.load(fromByteOffset: 80, as: UInt32.self)
    guard flags & 0x40_0000 == 0 else { return nil }
    size = table.load(fromByteOffset: 64, as: UInt64.self)
    alignment = UInt64(flags & 0xff) + 1
    extraInhabitants = UInt64(min(table.load(fromByteOffset: 84, as: UInt32.self), 4096))
  }

  var description: String { "\(size) bytes at \(alignment), \(extraInhabitants) more" }
}

private enum Simple { case one, two, three }
private enum Payload {
  case none
  case some(Int)
  case other
}
private enum Several {
  case number(Int)
  case text(String)
  case object(Holder)
  case nothing
}
private indirect enum Tree {
  case leaf
  case node(Tree, Tree)
}
private final class Holder {}
private struct Mixed {
  var flag = true
  var wide = 1.0
  var byte: UInt8 = 1
  var maybe: Int16?
  var simple: Simple?
  var several = Several.nothing
  weak var weak: Holder?
  unowned var unowned: Holder
  var run: (() -> Void)?
  var mutex = pthread_mutex_t()
  var error: (any Error)?
  var any: Any?
  var hash: any Hashable & Sendable
  var kind: Any.Type = Int.self
  var pair: (UInt8, Int32?, Bool)
  var tree = Tree.leaf
  var end = 1
}

@Suite struct VariableLayoutTests {
  private let set = ImageSet(images)

  @Test func `a struct's fields lie where the compiler put them`() throws {
    let reader = MetadataReader(ProcessMemory(images: set, snapshot: SnapshotMemory([])))
    let metadata = unsafeBitCast(Mixed.self as Any.Type, to: UInt.self)
    let type = try #require(reader.type(at: UInt64(metadata)))
    let fields = try #require(LayoutReader(reader.types).fields(of: type))
    let expected: [(String, PartialKeyPath<Mixed>)] = [
      ("flag", \.flag), ("wide", \.wide), ("byte", \.byte), ("maybe", \.maybe),
      ("simple", \.simple), ("several", \.several), ("weak", \.weak), ("unowned", \.unowned),
      ("run", \.run), ("mutex", \.mutex), ("error", \.error), ("any", \.any), ("hash", \.hash),
      ("kind", \.kind), ("pair", \.pair), ("tree", \.tree), ("end", \.end),
    ]
    #expect(fields.map(\.name) == expected.map(\.0))
    for (field, (name, path)) in zip(fields, expected) {
      // The runtime does not tell where references with storage of their own lie.
      guard let offset = MemoryLayout<Mixed>.offset(of: path) else { continue }
      #expect(field.offset == UInt64(offset), "\(name)")
    }
  }

  /// Every struct and enum of the standard library whose metadata is a symbol.
  @Test func `layouts agree with the runtime`() throws {
    let image = try #require(images.first { $0.path.hasSuffix("/libswiftCore.so") })
    let file = try ElfImage(path: image.path)
    let section = try #require(file.section(named: "swift5_type_metadata"))
    let memory = ProcessMemory(images: set, snapshot: SnapshotMemory([]), maximumReads: .max)
    let types = TypeReader(memory: memory)
    let layouts = LayoutReader(types)
    var metadata: [String: UInt64] = [:]
    for symbol in file.symbols where symbol.name.hasPrefix("$s") && symbol.name.hasSuffix("N") {
      metadata[symbol.name] = symbol.value
    }
    var compared = 0
    for offset in stride(from: 0, to: section.size, by: 4) {
      guard let descriptor = memory.relativePointer(at: image.base + section.address + offset),
        let type = types.nominalType(at: descriptor), type.kind != .class,
        let symbol = file.symbol(containing: descriptor - image.base),
        symbol.name.hasSuffix("Mn"),
        let metadata = metadata[symbol.name.dropLast(2) + "N"],
        let expected = Witnessed(metadata: image.base + metadata),
        let layout = layouts.layout(of: .nominal(type))
      else { continue }
      #expect(Witnessed(layout) == expected, "\(type.sourceName ?? "?")")
      compared += 1
    }
    #expect(compared > 100)
  }
}
