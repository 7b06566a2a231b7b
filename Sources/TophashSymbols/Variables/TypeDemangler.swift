/// Reads types in mangled form, as metadata and symbols spell them.
///
/// The mangling is a program for a stack machine: an operand pushes what it stands for, an
/// operator takes its operands from the stack and pushes the result. `SDySSSiG` pushes
/// `Dictionary`, a list mark, `String` and `Int`, and binds them. What this reader does not know
/// (generic signatures, opaque results, functions as contexts, implementation types) makes it
/// answer `nil`, never something approximate. Work and result are bounded by the input's length.
struct TypeDemangler {
  /// What the bytes after a symbolic reference's tag point at: a context descriptor's meaning.
  typealias Resolver = (_ kind: UInt8, _ target: UInt64) -> TypeTree?

  /// An entry of the stack.
  private enum Item {
    case identifier(String)
    case module(String)
    case type(TypeTree)
    case emptyList
    case firstElement
    case async, sendable, throwing
    case throwingOnly(TypeTree)
    case globalActor(TypeTree)
    case isolation
    case modified(TypeTree, String)
    case parameters([FunctionType.Parameter])
    case privateName(String)
    case extensionContext(module: String, type: NominalType)
  }

  private let text: [UInt8]
  private var position = 0
  private let address: UInt64
  private let resolve: Resolver
  private var stack: [Item] = []
  private var substitutions: [Item] = []
  private var words: [[UInt8]] = []
  /// Repetitions and substitutions can make much of little input.
  private var steps = 0

  private init(_ text: [UInt8], address: UInt64, resolve: @escaping Resolver) {
    self.text = text
    self.address = address
    self.resolve = resolve
  }

  /// The type that `text` spells; `address` is where it lies in the process, as symbolic
  /// references are relative to themselves. `nil` when it is damaged or not understood.
  static func type(
    _ text: [UInt8], at address: UInt64 = 0, resolve: @escaping Resolver = { _, _ in nil }
  ) -> TypeTree? {
    var demangler = TypeDemangler(text, address: address, resolve: resolve)
    guard demangler.run(), demangler.stack.count == 1 else { return nil }
    return demangler.popType()
  }

  /// A variable as a symbol names it.
  struct VariableName: Hashable {
    var module: String
    /// The types that it is declared in; empty for a global.
    var context: NominalType?
    var name: String
    var type: TypeTree
    var isStatic: Bool
  }

  /// The stored variable that `symbol` is the name of; `nil` for every other symbol, and for
  /// variables declared inside functions.
  static func variable(symbol: String) -> VariableName? {
    var text = Array(symbol.utf8)
    guard text.starts(with: Array("$s".utf8)) else { return nil }
    text.removeFirst(2)
    let isStatic = text.last == UInt8(ascii: "Z")
    if isStatic { text.removeLast() }
    guard text.suffix(2) == Array("vp".utf8)[...] else { return nil }
    var demangler = TypeDemangler(Array(text.dropLast(2)), address: 0) { _, _ in nil }
    guard demangler.run(), let type = demangler.popType(), let name = demangler.popName()
    else { return nil }
    switch demangler.popContext() {
    case .module(let module)? where demangler.stack.isEmpty:
      return VariableName(module: module, name: name, type: type, isStatic: isStatic)
    case .extensionContext(let module, let context)? where demangler.stack.isEmpty:
      return VariableName(
        module: module, context: context, name: name, type: type, isStatic: isStatic)
    case .type(.nominal(let context))? where demangler.stack.isEmpty:
      return VariableName(
        module: context.declaringModule ?? context.module, context: context, name: name,
        type: type, isStatic: isStatic)
    default:
      return nil
    }
  }
}

// MARK: - The machine

extension TypeDemangler {
  private static let maximumSteps = 4096

  /// Runs to the end of the text; false when something was not understood.
  private mutating func run() -> Bool {
    while let byte = next() {
      steps += 1
      guard steps < TypeDemangler.maximumSteps, stack.count < TypeDemangler.maximumSteps,
        let item = item(for: byte)
      else { return false }
      stack.append(item)
    }
    return true
  }

  private mutating func next() -> UInt8? {
    guard position < text.count else { return nil }
    position += 1
    return text[position - 1]
  }

  private var peek: UInt8? { position < text.count ? text[position] : nil }

  private mutating func skip(_ letter: Character) -> Bool {
    guard peek == letter.asciiValue else { return false }
    position += 1
    return true
  }

  /// A decimal number; `nil` when there is none, or when it is too large to mean anything.
  private mutating func natural() -> Int? {
    var value: Int?
    while let digit = peek, digit >= 48, digit <= 57 {
      value = (value ?? 0) * 10 + Int(digit - 48)
      if value! > 1 << 24 { return nil }
      position += 1
    }
    return value
  }

  /// `_` is 0, `0_` is 1, `1_` is 2.
  private mutating func index() -> Int? {
    if skip("_") { return 0 }
    guard let value = natural(), skip("_") else { return nil }
    return value + 1
  }

  private mutating func item(for byte: UInt8) -> Item? {
    if byte < 0x20 { return symbolicReference(byte) }
    switch Character(UnicodeScalar(byte)) {
    case "0"..."9":
      position -= 1
      return identifier().map { substitutable(.identifier($0)) }
    case "A": return substitution()
    case "B": return builtin()
    case "C": return nominal(.class)
    case "D": return popType().map(Item.type)
    case "E": return extensionContext()
    case "G": return boundGeneric()
    case "K": return .throwing
    case "L": return localName()
    case "O": return nominal(.enumeration)
    case "P": return nominal(.protocol)
    case "S": return standardSubstitution()
    case "V": return nominal(.structure)
    case "X": return specialType()
    case "Y": return annotation()
    case "a": return nominal(.alias)
    case "c": return function(.swift)
    case "h", "n": return popType().map { .modified($0, "") }
    case "m": return popType().map { .type(.metatype($0, isExistential: false)) }
    case "p": return existential(superclass: nil, isObject: false)
    case "q": return parameter()
    case "s": return .module("Swift")
    case "t": return tuple()
    case "x": return .type(.parameter(depth: 0, index: 0))
    case "y": return .emptyList
    case "z": return popType().map { .modified($0, "inout") }
    case "$": return integer()
    case "_": return .firstElement
    default: return nil
    }
  }

  private mutating func substitutable(_ item: Item) -> Item {
    substitutions.append(item)
    return item
  }

  private mutating func popType() -> TypeTree? {
    guard case .type(let type)? = stack.last else { return nil }
    stack.removeLast()
    return type
  }

  private mutating func popEmptyList() -> Bool {
    guard case .emptyList? = stack.last else { return false }
    stack.removeLast()
    return true
  }

  private mutating func popFirstElement() -> Bool {
    guard case .firstElement? = stack.last else { return false }
    stack.removeLast()
    return true
  }

  private mutating func popName() -> String? {
    switch stack.last {
    case .identifier(let name)?, .privateName(let name)?:
      stack.removeLast()
      return name
    default:
      return nil
    }
  }

  /// A module, an extension or a type.
  private mutating func popContext() -> Item? {
    guard let item = stack.popLast() else { return nil }
    switch item {
    case .identifier(let name): return .module(name)
    case .module, .extensionContext, .type(.nominal): return item
    default: return nil
    }
  }
}

// MARK: - Names

extension TypeDemangler {
  /// `5Cache`; with a leading zero, words of earlier identifiers stand for themselves.
  private mutating func identifier() -> String? {
    var name: [UInt8] = []
    var hasWords = false
    if skip("0") {
      if peek == UInt8(ascii: "0") { return nil }  // Punycode
      hasWords = true
    }
    repeat {
      while hasWords, let letter = peek, letter.isASCIILetter {
        position += 1
        let isLast = letter < UInt8(ascii: "a")
        let word = Int(letter - UInt8(ascii: isLast ? "A" : "a"))
        guard words.indices.contains(word) else { return nil }
        name += words[word]
        if isLast { hasWords = false }
      }
      if skip("0") { break }
      guard let count = natural(), count > 0, count <= text.count - position else { return nil }
      let part = Array(text[position..<position + count])
      position += count
      name += part
      collectWords(of: part)
    } while hasWords
    return name.isEmpty ? nil : String(decoding: name, as: UTF8.self)
  }

  /// Words begin at a letter, and end before an underscore and where upper case follows lower.
  private mutating func collectWords(of name: [UInt8]) {
    var start: Int?
    for index in 0...name.count {
      let byte = index < name.count ? name[index] : 0
      if let begin = start {
        let isEnd =
          byte == UInt8(ascii: "_") || byte == 0
          || (!name[index - 1].isASCIIUppercase && byte.isASCIIUppercase)
        if isEnd {
          if index - begin >= 2, words.count < 26 { words.append(Array(name[begin..<index])) }
          start = nil
        }
      }
      let isStart = byte != 0 && byte != UInt8(ascii: "_") && !(byte >= 48 && byte <= 57)
      if start == nil, isStart { start = index }
    }
  }

  /// Names with a discriminator: private and local declarations, and types made by the importer.
  private mutating func localName() -> Item? {
    if skip("L") {  // declared name, file
      guard popName() != nil, let name = popName() else { return nil }
      return .privateName(name)
    }
    if skip("l") { return popName().map(Item.privateName) }
    if let kind = peek, (UInt8(ascii: "A")...UInt8(ascii: "J")).contains(kind & ~0x20) {
      position += 1
      return popName().map(Item.privateName)
    }
    guard index() != nil else { return nil }
    return popName().map(Item.privateName)
  }

  private mutating func extensionContext() -> Item? {
    guard case .module(let module)? = popContext(), case .nominal(let type)? = popType()
    else { return nil }
    return .extensionContext(module: module, type: type)
  }

  private mutating func nominal(_ kind: NominalType.Kind) -> Item? {
    guard let name = popName(), let context = popContext() else { return nil }
    return type(named: name, in: context, kind).map { substitutable(.type(.nominal($0))) }
  }

  private func type(named name: String, in context: Item, _ kind: NominalType.Kind) -> NominalType?
  {
    let step = NominalType.Component(name: name)
    switch context {
    case .module(let module):
      return NominalType(kind: kind, module: module, path: [step])
    case .extensionContext(let module, let type):
      return NominalType(
        kind: kind, module: type.module, declaringModule: module, path: type.path + [step])
    case .type(.nominal(let type)) where type.path.count < TypeTree.maximumDepth:
      return NominalType(
        kind: kind, module: type.module, declaringModule: type.declaringModule,
        path: type.path + [step])
    default:
      return nil
    }
  }

  private mutating func symbolicReference(_ kind: UInt8) -> Item? {
    let size = 4
    guard kind >= 1, kind <= 0x17, position <= text.count - size else { return nil }
    var offset: UInt32 = 0
    for index in 0..<size { offset |= UInt32(text[position + index]) << UInt32(8 * index) }
    let place = address &+ UInt64(position)
    position += size
    let target = place &+ UInt64(bitPattern: Int64(Int32(bitPattern: offset)))
    guard kind <= 2, let type = resolve(kind, target) else { return nil }
    return substitutable(.type(type))
  }

  /// `A` and letters: what was met before. Lower-case letters push, the upper-case one ends.
  private mutating func substitution() -> Item? {
    var repetitions: Int?
    while let byte = next() {
      if byte == UInt8(ascii: "_") {
        let index = (repetitions ?? -1) + 27
        return substitutions.indices.contains(index) ? substitutions[index] : nil
      }
      if byte.isASCIILetter {
        let isLast = byte.isASCIIUppercase
        let index = Int(byte - UInt8(ascii: isLast ? "A" : "a"))
        guard substitutions.indices.contains(index),
          push(substitutions[index], (repetitions ?? 1) - 1)
        else { return nil }
        if isLast { return substitutions[index] }
        guard push(substitutions[index], 1) else { return nil }
        repetitions = nil
      } else {
        position -= 1
        repetitions = natural()
        if repetitions == nil { return nil }
      }
    }
    return nil
  }

  private mutating func push(_ item: Item, _ count: Int) -> Bool {
    guard count < 128 else { return false }
    for _ in 0..<max(0, count) { stack.append(item) }
    return true
  }

  private mutating func standardSubstitution() -> Item? {
    if skip("o") { return .module("__C") }
    if skip("C") { return .module("__C_Synthesized") }
    if skip("g") {
      return popType().map { substitutable(.type(.swift("Optional", [$0], kind: .enumeration))) }
    }
    let repetitions = natural() ?? 1
    let table = skip("c") ? TypeDemangler.concurrencyTypes : TypeDemangler.standardTypes
    guard let letter = next(), let type = table[letter].map(TypeTree.nominal),
      push(.type(type), repetitions - 1)
    else { return nil }
    return .type(type)
  }
}

// MARK: - Types

extension TypeDemangler {
  /// `Bo`, `Bi64_`.
  private mutating func builtin() -> Item? {
    guard let letter = next() else { return nil }
    switch Character(UnicodeScalar(letter)) {
    case "i", "f":
      guard let width = index() else { return nil }
      return .type(.builtin("B\(Character(UnicodeScalar(letter)))\(width - 1)_"))
    case "o", "O", "b", "p", "w", "B", "D", "d", "e", "j", "c":
      return .type(.builtin("B\(Character(UnicodeScalar(letter)))"))
    default:
      return nil
    }
  }

  /// `$3_` is 4, `$n3_` is -4.
  private mutating func integer() -> Item? {
    let isNegative = skip("n")
    guard let index = index() else { return nil }
    return .type(.integer(isNegative ? -index : index))
  }

  private mutating func parameter() -> Item? {
    if skip("z") { return .type(.parameter(depth: 0, index: 0)) }
    if skip("d") {
      guard let depth = index(), let index = index() else { return nil }
      return .type(.parameter(depth: depth + 1, index: index))
    }
    return index().map { .type(.parameter(depth: 0, index: $0 + 1)) }
  }

  /// Lists of arguments, outermost type first, end with the mark of the first list.
  private mutating func boundGeneric() -> Item? {
    var lists: [[TypeTree]] = []  // innermost first
    while true {
      var list: [TypeTree] = []
      while let type = popType() { list.append(type) }
      lists.append(list.reversed())
      if popEmptyList() { break }
      guard popFirstElement() else { return nil }
    }
    guard case .nominal(var type)? = popType(), lists.count <= type.path.count else { return nil }
    for (step, list) in zip(type.path.indices.reversed(), lists) {
      type.path[step].arguments = list
    }
    return substitutable(.type(.nominal(type)))
  }

  private mutating func tuple() -> Item? {
    if popEmptyList() { return .type(.void) }
    var elements: [TupleElement] = []
    var modifiers: [String] = []
    var isFirst = false
    repeat {
      isFirst = popFirstElement()
      var label: String?
      if case .identifier(let name)? = stack.last {
        label = name
        stack.removeLast()
      }
      guard let (type, modifier) = popParameter() else { return nil }
      elements.append(TupleElement(label: label, type: type))
      modifiers.append(modifier)
    } while !isFirst
    if modifiers.allSatisfy(\.isEmpty) { return .type(.tuple(elements.reversed())) }
    return .parameters(
      zip(elements, modifiers).reversed().map {
        FunctionType.Parameter(type: $0.type, modifier: $1)
      })
  }

  private mutating func popParameter() -> (TypeTree, String)? {
    switch stack.popLast() {
    case .type(let type)?: return (type, "")
    case .modified(let type, let modifier)?: return (type, modifier)
    default: return nil
    }
  }

  private mutating func function(_ convention: FunctionType.Convention) -> Item? {
    var type = FunctionType(parameters: [], result: .void, convention: convention)
    annotations: while let item = stack.last {
      switch item {
      case .async: type.isAsync = true
      case .sendable: type.isSendable = true
      case .throwing: type.isThrowing = true
      case .throwingOnly(let error): (type.isThrowing, type.thrown) = (true, error)
      case .globalActor(let actor): type.globalActor = actor
      case .isolation: break
      default: break annotations
      }
      stack.removeLast()
    }
    guard let parameters = functionParameters() else { return nil }
    type.parameters = parameters
    if popEmptyList() { return .type(.function(type)) }
    guard let result = popType() else { return nil }
    type.result = result
    return .type(.function(type))
  }

  /// Parameters are one type, or a tuple of several.
  private mutating func functionParameters() -> [FunctionType.Parameter]? {
    if popEmptyList() { return [] }
    if case .parameters(let parameters)? = stack.last {
      stack.removeLast()
      return parameters
    }
    guard let (type, modifier) = popParameter() else { return nil }
    if case .tuple(let elements) = type, modifier.isEmpty {
      return elements.map { FunctionType.Parameter(type: $0.type) }
    }
    return [FunctionType.Parameter(type: type, modifier: modifier)]
  }

  private mutating func existential(superclass: TypeTree?, isObject: Bool) -> Item? {
    var protocols: [TypeTree] = []
    if !popEmptyList() {
      var isFirst = false
      repeat {
        isFirst = popFirstElement()
        guard let one = popProtocol() else { return nil }
        protocols.append(one)
      } while !isFirst
    }
    return .type(
      .existential(
        protocols: protocols.reversed(), superclass: superclass, isObject: isObject))
  }

  private mutating func popProtocol() -> TypeTree? {
    if case .type(let type)? = stack.last {
      guard case .nominal(let nominal) = type, nominal.kind == .protocol else { return nil }
      stack.removeLast()
      return type
    }
    guard let name = popName(), let context = popContext() else { return nil }
    return type(named: name, in: context, .protocol).map(TypeTree.nominal)
  }

  private mutating func specialType() -> Item? {
    guard let letter = next() else { return nil }
    switch Character(UnicodeScalar(letter)) {
    case "E", "A", "K": return function(.swift)
    case "f": return function(.thin)
    case "B", "L": return function(.block)
    case "C": return function(.c)
    case "o": return popType().map { .type(.reference(.unowned, $0)) }
    case "u": return popType().map { .type(.reference(.unmanaged, $0)) }
    case "w": return popType().map { .type(.reference(.weak, $0)) }
    case "D": return popType().map(Item.type)
    case "p": return popType().map { .type(.metatype($0, isExistential: true)) }
    case "l": return existential(superclass: nil, isObject: true)
    case "Z":  // a private context, which has a number for a name
      guard popEmptyList(), popName() != nil else { return nil }
      return popContext()
    case "c":
      guard let superclass = popType() else { return nil }
      return existential(superclass: superclass, isObject: false)
    default:
      return nil
    }
  }

  private mutating func annotation() -> Item? {
    guard let letter = next() else { return nil }
    switch Character(UnicodeScalar(letter)) {
    case "a": return .async
    case "b": return .sendable
    case "c": return popType().map(Item.globalActor)
    case "K": return popType().map(Item.throwingOnly)
    case "A", "C", "T": return .isolation
    case "i", "u":  // isolated and sending parameters
      guard let (type, modifier) = popParameter() else { return nil }
      return .modified(type, modifier)
    default: return nil
    }
  }
}

extension UInt8 {
  fileprivate var isASCIIUppercase: Bool { self >= 65 && self <= 90 }
  fileprivate var isASCIILetter: Bool { isASCIIUppercase || (self >= 97 && self <= 122) }
}
