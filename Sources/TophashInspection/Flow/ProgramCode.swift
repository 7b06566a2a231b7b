import TophashSymbols

/// All functions of an image, with what each of them does and what its symbol says.
final class ProgramCode {
  let image: CodeImage
  let variables: VariableTable
  private(set) var traces: [Trace] = []
  private(set) var contexts: [CodeContext] = []
  private var calls: [[UInt64: Int]] = []
  private var indices: [UInt64: Int] = [:]
  /// Stubs that lead to other images.
  private let linkage: [Range<UInt64>]
  private var reached: Set<UInt64> = []
  private var results: [String: String?] = [:]
  private var captures: [UInt64: CapturedTypes.Captured?] = [:]
  private var symbols: [UInt64: String?] = [:]

  init(_ elf: ElfImage, _ variables: VariableTable) {
    image = CodeImage(elf)
    linkage = elf.sections.filter { $0.name.hasPrefix(".plt") }.map {
      $0.address..<max($0.address, $0.address &+ $0.size)
    }
    self.variables = variables
    for (index, function) in image.functions.enumerated() {
      indices[function.range.lowerBound] = index
      let context = CodeContext(symbol: function.symbol ?? "")
      contexts.append(context)
      traces.append(Trace())
      calls.append([:])
    }
    markAsyncStarts()
    for index in traces.indices where !isToolchains(index) {
      var flow = FunctionFlow(image.functions[index].range, in: image)
      traces[index] = flow.run(part: contexts[index].part)
      for (position, call) in traces[index].calls.enumerated() {
        calls[index][call.address] = position
        if case .function(let target) = call.target { reached.insert(target) }
      }
    }
    // Those that a method table or an exported name leads to.
    for address in elf.relocations.addresses {
      if let relocation = elf.relocations[address], relocation.symbol == nil {
        reached.insert(UInt64(bitPattern: relocation.addend))
      }
    }
    reached.formUnion(elf.exportedFunctions)
  }

  /// A function is asynchronous when parts of it are there, or a record that describes it.
  private func markAsyncStarts() {
    var families: Set<String> = []
    for context in contexts where context.part != .whole { families.insert(context.family) }
    for index in contexts.indices where contexts[index].part == .whole {
      if families.contains(contexts[index].family) { contexts[index].part = .start }
    }
  }

  /// Code of the runtime and the standard library that is linked in: its variables are not listed.
  private func isToolchains(_ index: Int) -> Bool {
    guard let symbol = image.functions[index].symbol else {
      return linkage.contains { $0.contains(image.functions[index].range.lowerBound) }
    }
    if symbol.hasPrefix("swift_") || symbol.hasPrefix("_ZN5swift") { return true }
    return symbol.hasPrefix("$ss") && !contexts[index].isSpecialized
      && ToolchainModules.contains(contexts[index].path.first)
  }

  func call(at address: UInt64, in function: Int) -> Trace.Call? {
    calls[function][address].map { traces[function].calls[$0] }
  }

  /// The asynchronous function whose frame the call at `address` allocates: it is given to a
  /// callee, or to a part of one that was inlined.
  func family(ofFrameFrom address: UInt64, in function: Int) -> String? {
    let trace = traces[function]
    for call in trace.calls
    where call.frame.offset == 0 && trace.origins[call.frame] == .result(address) {
      var target: UInt64?
      switch call.target {
      case .function(let callee): target = callee
      case .symbol(Runtime.executorSwitch): target = call.arguments[0].address
      default: break
      }
      if let index = target.flatMap({ indices[$0] }), contexts[index].part != .whole {
        return contexts[index].family
      }
    }
    return nil
  }

  /// The symbol that begins at `address`.
  func symbol(at address: UInt64) -> String? {
    if let index = indices[address] { return image.functions[index].symbol }
    if let known = symbols[address] { return known }
    let symbol = image.image.symbol(containing: address).flatMap {
      $0.value == address ? $0.name : nil
    }
    symbols[address] = symbol
    return symbol
  }

  /// Whether the function gets its parameters from direct calls alone, as the parts of closures do.
  func isCalledDirectly(_ function: UInt64) -> Bool {
    guard let index = indices[function] else { return false }
    let context = contexts[index]
    return context.isNested || context.isForwarder || context.isSpecialized
  }
}

// MARK: - Types

extension ProgramCode {
  func instance(_ name: String) -> Place? {
    variables.classes[name] == nil ? nil : .object(.instance(name), 0)
  }

  /// The class that the function is a method of.
  func selfClass(of context: CodeContext) -> String? {
    if context.isStatic || context.isNested || context.isForwarder || context.isThunk { return nil }
    if context.family.hasSuffix("fC") { return nil }
    // The innermost declared type: `Shop.Shelf.Item.name` belongs to `Item`.
    for count in stride(from: context.path.count - 1, to: 1, by: -1) {
      let name = context.path.prefix(count).joined(separator: ".")
      guard variables.typeNames.contains(name) else { continue }
      return variables.classes[name] == nil ? nil : name
    }
    return nil
  }

  /// The class of what a type refers to, if it is one of the image's.
  func objectClass(_ type: String) -> String? {
    CodeContext.typeName(type).flatMap { variables.classes[$0] == nil ? nil : $0 }
  }

  /// The integer registers that a parameter of the type takes; `nil` when not known.
  func registerCount(_ type: String) -> Int? {
    if type.hasPrefix("inout ") || objectClass(type) != nil { return 1 }
    if type.hasPrefix("["), type.hasSuffix("]") { return 1 }
    switch type {
    case "Swift.Int", "Swift.UInt", "Swift.Bool", "Swift.Int64", "Swift.UInt64", "Swift.Int32",
      "Swift.UInt32", "Swift.Int16", "Swift.UInt16", "Swift.Int8", "Swift.UInt8":
      return 1
    case "Swift.String", "Swift.Substring.Index": return 2
    case "Swift.Double", "Swift.Float", "()": return 0
    default: break
    }
    if type.hasPrefix("Swift.Set<") || type.hasPrefix("Swift.Unsafe") && !type.contains("Buffer") {
      return 1
    }
    // A generic parameter is passed by its address.
    if type.utf8.count == 1 { return 1 }
    return type.contains(" -> ") ? 2 : nil
  }

  func resultClass(ofSymbol symbol: String) -> String? {
    if let known = results[symbol] { return known }
    let context = CodeContext(symbol: symbol)
    let isOpaque = context.isNested || context.isThunk || context.isForwarder
    let name = isOpaque ? nil : context.result.flatMap(objectClass)
    results[symbol] = name
    return name
  }

  func className(ofMetadata address: UInt64) -> String? { variables.className(ofMetadata: address) }

  /// `type metadata accessor for Shop.Box`
  func className(ofAccessor symbol: String) -> String? {
    name(symbol, after: "type metadata accessor for ")
  }

  /// `demangling cache variable for type metadata for Shop.Box<Swift.Int>`
  func className(ofMetadataCache symbol: String) -> String? {
    name(symbol, after: "demangling cache variable for type metadata for ")
  }

  private func name(_ symbol: String, after prefix: String) -> String? {
    guard let text = demangle(symbol), text.hasPrefix(prefix) else { return nil }
    return objectClass(String(text.dropFirst(prefix.count)))
  }

  /// The class that the first captured value refers to.
  func capturedClass(_ metadata: UInt64) -> String? { captured(metadata)?.objectType }

  /// The first of the values that are kept with the metadata.
  func captured(_ metadata: UInt64) -> CapturedTypes.Captured? {
    if let known = captures[metadata] { return known }
    let captured = CapturedTypes(image.image).first(at: metadata)
    captures[metadata] = captured
    return captured
  }

  /// Metadata of boxes and contexts: kind 0x400, as the runtime numbers it.
  func isCaptureMetadata(_ address: UInt64) -> Bool {
    image.image.load(UInt64.self, at: address) == 0x400
  }
}

// MARK: - Functions

extension ProgramCode {
  /// The function whose code holds `address`.
  func function(containing address: UInt64) -> Int? {
    let functions = image.functions
    var low = 0
    var high = functions.count
    while low < high {
      let middle = (low + high) / 2
      if functions[middle].range.lowerBound <= address { low = middle + 1 } else { high = middle }
    }
    return low > 0 && functions[low - 1].range.contains(address) ? low - 1 : nil
  }

  /// Whether the function is an accessor that the compiler made and then inlined everywhere.
  func isIdleAccessor(_ function: Int) -> Bool {
    let context = contexts[function]
    guard !context.isNested, let last = context.path.last, CodeContext.accessors.contains(last)
    else { return false }
    return !reached.contains(image.functions[function].range.lowerBound)
  }

  /// The function as a reader would write it.
  func name(of function: Int) -> (text: String, module: String?) {
    let start = image.functions[function].range.lowerBound
    guard let symbol = image.functions[function].symbol else {
      return ("function at 0x\(String(start, radix: 16))", nil)
    }
    let name = FunctionName(symbol: symbol)
    return (name.text, name.module)
  }
}
