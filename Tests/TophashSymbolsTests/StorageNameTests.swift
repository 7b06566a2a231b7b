import CTophashCore
import Glibc
import Testing
import TophashSymbols

private final class Chest {
  final class Drawer<Content> {}
}

/// What is said of a variable of which only the storage is known.
@Suite struct StorageNameTests {
  /// The name of the object that the word at `index` of `value` refers to.
  private func storage<Value>(of value: Value, word index: Int = 0) -> String {
    withExtendedLifetime(value) {
      let word = withUnsafeBytes(of: value) { $0.load(fromByteOffset: index * 8, as: UInt64.self) }
      let object = word & 0x00ff_ffff_ffff_fff8
      let snapshot = [UInt8](unsafeUninitializedCapacity: 16384) { buffer, count in
        count = Int(tophash_snapshot_collect_object(object, buffer.baseAddress!, 16384))
      }
      let variable = namer.storage(at: object, snapshot: snapshot)
      return "\(variable.kind) \(variable.name) : \(variable.type ?? "?")"
    }
  }

  @Test func `collections are named after what they hold`() {
    #expect(storage(of: [1, getpid()]) == "storage storage : [Int32]")
    #expect(storage(of: ["a": [getpid()]]) == "storage storage : [String: [Int32]]")
    #expect(storage(of: Set([getpid()])) == "storage storage : Set<Int32>")
    let long = String(repeating: "long ", count: Int(getpid() % 2) + 9)
    #expect(storage(of: long, word: 1) == "storage storage : String")
  }

  @Test func `other classes are named themselves`() {
    #expect(storage(of: Chest()) == "storage storage : Chest")
    #expect(storage(of: Chest.Drawer<Int>()) == "storage storage : Chest.Drawer<Int>")
  }

  @Test func `what is no object has no type`() {
    #expect(storage(of: 4096) == "storage storage : ?")
  }
}
