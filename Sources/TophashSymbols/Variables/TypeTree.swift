/// A Swift type, as far as reading mangled names and metadata can tell.
indirect enum TypeTree: Hashable, Sendable {
  /// A struct, class, enum, protocol or type alias, with generic arguments where it has any.
  case nominal(NominalType)
  case tuple([TupleElement])
  case function(FunctionType)
  /// `any P & Q`; with `superclass`, `any Base & P`. Without any part it is `Any`.
  case existential(protocols: [TypeTree], superclass: TypeTree?, isObject: Bool)
  /// `T.Type`; of an existential type, `any P.Type`.
  case metatype(TypeTree, isExistential: Bool)
  /// `weak`, `unowned` or `unowned(unsafe)` storage of a reference.
  case reference(ReferenceStorage, TypeTree)
  /// A generic parameter whose argument is not known here.
  case parameter(depth: Int, index: Int)
  /// A number as generic argument.
  case integer(Int)
  /// A type of the compiler's own module, by its mangled letters: `Bo`, `Bi64_`.
  case builtin(String)
}

/// A declared type and the types it is nested in.
struct NominalType: Hashable, Sendable {
  enum Kind: Hashable, Sendable {
    case structure, `class`, enumeration, `protocol`, alias, other
  }

  /// One step of the path, with the generic arguments of that step.
  struct Component: Hashable, Sendable {
    var name: String
    var arguments: [TypeTree] = []
  }

  var kind: Kind
  /// Of the outermost type.
  var module: String
  /// Of the extension that declares it, when that is another one.
  var declaringModule: String?
  var path: [Component]
  /// Address of the context descriptor in the process, when the type was reached through one.
  var descriptor: UInt64?

  /// The same type, however it was reached.
  static func == (left: NominalType, right: NominalType) -> Bool {
    left.module == right.module && left.path == right.path
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(module)
    hasher.combine(path)
  }

  /// Whether it is this type, whatever its arguments.
  func isNamed(_ module: String, _ name: String) -> Bool {
    self.module == module && path.count == 1 && path[0].name == name
  }

  /// Whether `other` is the same declaration, whatever the arguments.
  func isSameDeclaration(as other: NominalType) -> Bool {
    module == other.module && path.map(\.name) == other.path.map(\.name)
  }
}

/// One element of a tuple; a label is optional.
struct TupleElement: Hashable, Sendable {
  var label: String?
  var type: TypeTree
}

struct FunctionType: Hashable, Sendable {
  enum Convention: Hashable, Sendable {
    case swift, thin, block, c
  }

  var parameters: [Parameter]
  var result: TypeTree
  var convention = Convention.swift
  var isAsync = false
  var isSendable = false
  var isThrowing = false
  var thrown: TypeTree?
  var globalActor: TypeTree?

  struct Parameter: Hashable, Sendable {
    var type: TypeTree
    /// `inout`, or empty.
    var modifier: String = ""
  }
}

enum ReferenceStorage: String, Hashable, Sendable {
  case weak, unowned, unmanaged
}

extension TypeTree {
  /// The empty tuple.
  static let void = TypeTree.tuple([])
  static let any = TypeTree.existential(protocols: [], superclass: nil, isObject: false)

  /// A type of the standard library.
  static func swift(
    _ name: String, _ arguments: [TypeTree] = [], kind: NominalType.Kind = .structure
  ) -> TypeTree {
    .nominal(
      NominalType(
        kind: kind, module: "Swift",
        path: [NominalType.Component(name: name, arguments: arguments)]))
  }

  /// The type with its generic parameters replaced, where `arguments` has them: one list for each
  /// depth. `nil` when the type, or the result, is too large or too deep.
  func substituting(_ arguments: [[TypeTree]]) -> TypeTree? {
    guard size <= TypeTree.maximumSize, let result = replacingParameters(by: arguments, depth: 0),
      result.size <= TypeTree.maximumSize
    else { return nil }
    return result
  }

  private func replacingParameters(by arguments: [[TypeTree]], depth: Int) -> TypeTree? {
    guard depth < TypeTree.maximumDepth else { return nil }
    func replaced(_ type: TypeTree) -> TypeTree? {
      type.replacingParameters(by: arguments, depth: depth + 1)
    }
    switch self {
    case .parameter(let depth, let index):
      guard arguments.indices.contains(depth), arguments[depth].indices.contains(index)
      else { return self }
      return arguments[depth][index]
    case .nominal(var type):
      for step in type.path.indices where !type.path[step].arguments.isEmpty {
        guard let new = type.path[step].arguments.mapAll(replaced) else { return nil }
        type.path[step].arguments = new
      }
      return .nominal(type)
    case .tuple(let elements):
      return elements.mapAll { element in
        replaced(element.type).map { TupleElement(label: element.label, type: $0) }
      }.map(TypeTree.tuple)
    case .function(var type):
      guard let result = replaced(type.result),
        let parameters = type.parameters.mapAll({ parameter in
          replaced(parameter.type).map {
            FunctionType.Parameter(type: $0, modifier: parameter.modifier)
          }
        })
      else { return nil }
      type.result = result
      type.parameters = parameters
      return .function(type)
    case .existential(let protocols, let superclass?, let isObject):
      return replaced(superclass).map {
        .existential(protocols: protocols, superclass: $0, isObject: isObject)
      }
    case .metatype(let type, let isExistential):
      return replaced(type).map { .metatype($0, isExistential: isExistential) }
    case .reference(let storage, let type):
      return replaced(type).map { .reference(storage, $0) }
    case .existential, .integer, .builtin:
      return self
    }
  }

  /// Types nested deeper than this are taken for damaged input.
  static let maximumDepth = 32
  /// A type of more parts than this is not written out.
  static let maximumSize = 256

  /// The number of parts, counted up to `maximumSize`.
  var size: Int {
    var total = 1
    func add(_ types: [TypeTree]) {
      for type in types where total <= TypeTree.maximumSize { total += type.size }
    }
    switch self {
    case .nominal(let type): for step in type.path { add(step.arguments) }
    case .tuple(let elements): add(elements.map(\.type))
    case .function(let type):
      add(
        type.parameters.map(\.type)
          + [type.result, type.thrown, type.globalActor].compactMap(\.self))
    case .existential(let protocols, let superclass, _):
      add(protocols + [superclass].compactMap(\.self))
    case .metatype(let type, _), .reference(_, let type): add([type])
    case .parameter, .integer, .builtin: break
    }
    return total
  }
}

extension Array {
  /// The transformed elements; `nil` as soon as one of them is.
  func mapAll<T>(_ transform: (Element) -> T?) -> [T]? {
    var result: [T] = []
    result.reserveCapacity(count)
    for element in self {
      guard let new = transform(element) else { return nil }
      result.append(new)
    }
    return result
  }
}
