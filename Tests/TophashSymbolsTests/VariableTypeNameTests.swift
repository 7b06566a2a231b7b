import Foundation
import Testing
import TophashTestSupport

@testable import TophashSymbols

/// Types whose names the runtime can tell, too.
private struct Outer<A, B> {
  struct Plain {}
  enum Choice<C> {
    case first(A)
    case second(B)
    case third(C)
  }
  final class Reference<C, D> {}
}
private protocol Shape {}
private protocol Named: AnyObject {}
private class Base: @unchecked Sendable {}
@globalActor private actor Clerk { static let shared = Clerk() }
extension Int { fileprivate struct Digit {} }
extension Dictionary { fileprivate enum Mood {} }

private let types: [Any.Type] = [
  Int.self, [String: Int].self, Set<[Int?]>.self, [Int: [String: [Character]]].self,
  String?.self, Int??.self, (Int, String).self, (left: Int, right: [Int]).self, Void.self,
  (() -> Void).self, ((Int) -> String).self, (([Int], String) throws -> Int?).self,
  (@Sendable (Int) async throws -> Void).self, ((Int) -> (Int) -> Int).self,
  (((Int, Int)) -> Void).self, ((inout Int, Double) -> Void).self, (@Clerk () -> Int).self,
  Any.self, AnyObject.self, (any Error).self, (any Shape).self, (any Shape & Named).self,
  (any Base & Shape).self, (any Hashable).self, [any Shape].self, (any Shape)?.self,
  Int.Type.self, (any Shape.Type).self, (any Shape).Type.self, Any.Type.self,
  UnsafeMutablePointer<Int>.self, Range<Double>.self, ArraySlice<UInt8>.self, Substring.self,
  URL.self, Data.self, Date.self, UUID.self, [URL: Data].self,
  Outer<Int, String>.self, Outer<Int, String>.Plain.self,
  Outer<[Int], Set<String>>.Choice<Int>.self,
  Outer<Int, String>.Reference<Double, Outer<Int8, UInt8>.Plain>.self, Base.self,
  Int.Digit.self, [Int.Digit?].self, Dictionary<String, Int>.Mood.self,
  Task<Int, any Error>.self, AsyncStream<Int>.self, CheckedContinuation<Void, Never>.self,
  pthread_mutex_t.self, Optional<pthread_cond_t>.self, timespec.self,
]

@Suite struct VariableTypeNameTests {
  @Test(arguments: types.indices)
  func `a mangled name reads as the runtime prints it`(_ index: Int) throws {
    let type = types[index]
    let name = try #require(_mangledTypeName(type))
    guard name.utf8.allSatisfy({ $0 < 0x80 }) else { return }
    let tree = try #require(TypeDemangler.type(Array(name.utf8)), "\(name)")
    #expect(normal(tree.text(.qualified)) == normal(_typeName(type)), "\(name)")
  }

  @Test(arguments: types.indices)
  func `generic arguments read as the runtime prints them`(_ index: Int) throws {
    func check<T>(_: T.Type) throws {
      let slot = Slot<T>()
      let variable = named(&slot.value)
      let text = variable.qualifiedType
      #expect(normal(text) == normal(_typeName(Optional<T>.self)))
    }
    try _openExistential(types[index], do: check)
  }

  @Test(
    arguments: [
      (
        "$s5Kanna9regexDict33_EFF83A1F47B777EA672D48C97C71346FLLSDySSSiGvp",
        "Kanna.regexDict : [String: Int]"
      ),
      (
        "$s8Resolver13registrationsSDySiSDySSypGGvpZ",
        "Resolver.registrations : [Int: [String: Any]]"
      ),
      ("$s4main5CacheC6sharedACvpZ", "main.Cache.shared : Cache"),
      ("$s4main5CacheC8CacheMapV7entriesSDySSAC5EntryO_pGvpZ", nil),
      ("$sSi4mainE5tableSaySiGvpZ", "main.Int.table : [Int]"),
      ("$s4main3addyS2i_SitF", nil),
      ("$s4main5stockSDySSSiGvg", nil),
      ("$s4main5stock", nil),
      ("main", nil),
      ("", nil),
    ] as [(String, String?)])
  func `symbols of variables`(_ symbol: String, _ expected: String?) {
    let variable = TypeDemangler.variable(symbol: symbol)
    let text = variable.map { variable in
      let path = [variable.module, variable.context?.sourceName, variable.name].compactMap(\.self)
      return "\(path.joined(separator: ".")) : \(variable.type.text(.source) ?? "?")"
    }
    #expect(text == expected)
  }

  @Test(
    arguments: [
      ("SDySSSaySiGG", "[String: [Int]]"),
      ("SaySi_SS1btG", "[(Int, b: String)]"),
      ("s11InlineArrayVy$3_SiG", "InlineArray<4, Int>"),
      ("s11InlineArrayVy$n3_SiG", "InlineArray<-4, Int>"),
      ("So15pthread_mutex_ta", "pthread_mutex_t"),
      ("4main3FooV_AA3BarVt", "(Foo, Bar)"),
      ("4main9FirstNameV04LastC0V", "FirstName.LastName"),
      ("4main9FirstNameV_AA04LastC0Vt", "(FirstName, LastName)"),
      ("SayAAG", nil),
      ("Say", nil),
      ("x", nil),
      ("Qz", nil),
      ("99999999999999999999Foo", nil),
      ("0", nil), ("A", nil), ("A_", nil), ("S", nil), ("$", nil), ("B", nil), ("Y", nil),
      ("", nil),
    ] as [(String, String?)])
  func `mangled names`(_ name: String, _ expected: String?) {
    #expect(TypeDemangler.type(Array(name.utf8))?.text(.source) == expected)
  }

  @Test func `damaged names end`() {
    let names = types.compactMap { _mangledTypeName($0) }.map { Array($0.utf8) }
    for (index, name) in names.enumerated() where name.count > 1 {
      let seed = UInt64(index) * 1000
      for mutated in mutations(of: name, in: 0..<name.count, seeds: seed..<seed + 300) {
        let tree = TypeDemangler.type(mutated) { _, target in
          target % 2 == 0 ? nil : .swift("Int")
        }
        _ = tree?.text(.source)
        _ = tree?.substituting([[.swift("Int")], [.any]])?.text(.qualified)
      }
    }
  }

  @Test func `names that grow without end are given up`() {
    // Each round doubles the type: a pair of the pair before.
    var name = "4main4PairVyS2iG"
    for index in 2..<80 {
      name += index < 26 ? "ACy" : "ACy"
      let letter = Character(UnicodeScalar(UInt8(ascii: "A") + UInt8(min(index, 25))))
      name += "A\(letter)A\(letter)G"
    }
    _ = TypeDemangler.type(Array(name.utf8))?.text(.source)
    let deep = String(repeating: "Say", count: 4000) + "Si" + String(repeating: "G", count: 4000)
    #expect(TypeDemangler.type(Array(deep.utf8))?.text(.source) == nil)
    let wide = "4main4PairV" + String(repeating: "A127B", count: 60)
    #expect(TypeDemangler.type(Array(wide.utf8))?.text(.source) == nil)
  }
}

private final class Slot<T> {
  var value: T?
}

/// The runtime marks private types with their address, and does not write `any`.
private func normal(_ name: String?) -> String? {
  guard var text = name else { return nil }
  text.replace(/\(unknown context at \$[0-9a-f]+\)\./, with: "")
  text.replace(/\(extension in \w+\):/, with: "")
  text.replace(/\(any ([^()]*)\)\.Type/) { "\($0.1).Protocol" }
  text.replace("any ", with: "")
  return text
}
