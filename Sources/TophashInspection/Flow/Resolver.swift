import TophashSymbols

/// Tells what the values in a function's trace point at: by the types of `self`, parameters,
/// properties and results, and by the facts that other functions give.
struct Resolver {
  let program: ProgramCode
  let facts: Facts

  /// What `value` points at in `function`; `nil` when it cannot be told.
  func place(_ value: Value, in function: Int, depth: Int = 0) -> Place? {
    guard depth < 8 else { return nil }
    let trace = program.traces[function]
    let start: Place?
    switch trace.origins[value] {
    case .unknown, .stack, .calleeFrame, .symbol: return nil
    case .constant: return .image(UInt64(bitPattern: value.offset))
    case .asyncFrame: start = .object(.frame(program.contexts[function].family), 0)
    case .entry(let register): start = parameter(register, of: function)
    case .loaded(let source): start = loaded(source, in: function, depth: depth)
    case .result(let call):
      start = program.call(at: call, in: function)
        .flatMap { result(of: $0, in: function, depth: depth) }
    }
    return start.map { $0 + value.offset }
  }

  private func parameter(_ register: UInt8, of function: Int) -> Place? {
    let context = program.contexts[function]
    let address = program.image.functions[function].range.lowerBound
    if context.isForwarder || context.isNested {
      return facts.parameter(register, of: address)
        ?? (context.isForwarder ? nil : declared(register, context))
    }
    return declared(register, context) ?? facts.parameter(register, of: address)
  }

  /// What the function's signature says.
  private func declared(_ register: UInt8, _ context: CodeContext) -> Place? {
    if register == Register.r13 {
      return program.selfClass(of: context).map { .object(.instance($0), 0) }
    }
    if context.isSpecialized || context.isThunk { return nil }
    var used = 0
    for parameter in context.parameters {
      guard let width = program.registerCount(parameter) else { return nil }
      if width > 0, used < Register.arguments.count, Register.arguments[used] == register {
        return program.objectClass(parameter).map { .object(.instance($0), 0) }
      }
      used += width
    }
    return nil
  }

  private func loaded(_ source: Value, in function: Int, depth: Int) -> Place? {
    switch place(source, in: function, depth: depth + 1) {
    case .image(let address):
      return program.variables.global(at: address)?.objectType
        .flatMap(program.instance)
    case .object(.instance(let name), let offset):
      return program.variables.property(at: offset, of: name)?.objectType
        .flatMap(program.instance)
    case .object(.captured(let site, let metadata), let offset):
      return facts.field(offset, of: .captured(site: site, metadata: metadata))
        ?? (offset == 16 ? program.capturedClass(metadata).flatMap(program.instance) : nil)
    case .object(let object, let offset):
      return facts.field(offset, of: object)
    case nil: return nil
    }
  }

  private func result(of call: Trace.Call, in function: Int, depth: Int) -> Place? {
    switch call.target {
    case .symbol(let name) where Runtime.allocations.contains(name):
      guard let metadata = call.arguments.first else { return nil }
      return allocated(metadata, by: call, in: function)
    case .symbol(let name) where Runtime.weakLoads.contains(name):
      return call.arguments.first.flatMap { loaded($0, in: function, depth: depth + 1) }
    case .symbol(Runtime.frameAllocation):
      if let family = program.family(ofFrameFrom: call.address, in: function) {
        return .object(.frame(family), 0)
      }
      // The context of a closure that does not escape.
      return .object(.captured(site: call.address, metadata: 0), 0)
    case .symbol(let name):
      return result(ofSymbol: name)
    case .function(let address):
      return program.symbol(at: address).flatMap(result(ofSymbol:))
    case .unknown:
      return nil
    }
  }

  private func result(ofSymbol symbol: String) -> Place? {
    // The address of a global, or of a static property.
    if symbol.hasSuffix("vau") {
      let name = symbol.dropLast(2)
      let address =
        program.variables.address(ofGlobal: name + "p")
        ?? program.variables.address(ofGlobal: name + "pZ")
      return address.map(Place.image)
    }
    return program.resultClass(ofSymbol: symbol).map { .object(.instance($0), 0) }
  }

  private func allocated(_ metadata: Value, by call: Trace.Call, in function: Int) -> Place? {
    if let address = metadata.address {
      if let name = program.className(ofMetadata: address) { return .object(.instance(name), 0) }
      if program.isCaptureMetadata(address) {
        return .object(.captured(site: call.address, metadata: address), 0)
      }
      return nil
    }
    // Metadata of a generic class: asked for by a call.
    guard case .result(let address) = program.traces[function].origins[metadata],
      metadata.offset == 0, let request = program.call(at: address, in: function)
    else { return nil }
    if case .function(let accessor) = request.target, let symbol = program.symbol(at: accessor),
      let name = program.className(ofAccessor: symbol)
    {
      return .object(.instance(name), 0)
    }
    return request.arguments.first?.address.flatMap(program.symbol(at:))
      .flatMap(program.className(ofMetadataCache:)).map { .object(.instance($0), 0) }
  }
}

// MARK: - Learning

extension Facts {
  /// Each round follows the facts one function further; nothing is nested deeper than this.
  static let maximumRounds = 16

  static func learned(from program: ProgramCode) -> Facts {
    var facts = Facts()
    for _ in 0..<maximumRounds {
      let resolver = Resolver(program: program, facts: facts)
      var next = Facts()
      for function in program.traces.indices { next.learn(from: function, resolver) }
      if next == facts { break }
      facts = next
    }
    return facts
  }

  private mutating func learn(from function: Int, _ resolver: Resolver) {
    let program = resolver.program
    let trace = program.traces[function]
    for closure in trace.closures {
      var context = resolver.place(closure.context, in: function)
      if closure.context.isStack {
        let object = Object.captured(site: closure.address, metadata: 0)
        for (index, word) in closure.words.enumerated() {
          let offset = Int64(16 + 8 * index)
          noteStored(resolver.place(word, in: function), at: offset, of: object)
        }
        context = .object(object, 0)
      }
      notePassed(context, in: Register.r13, to: closure.code)
    }
    for call in trace.calls {
      guard case .function(let target) = call.target, program.isCalledDirectly(target)
      else { continue }
      for (register, value) in zip(Register.arguments, call.arguments) where value.isKnown {
        notePassed(resolver.place(value, in: function), in: register, to: target)
      }
      notePassed(resolver.place(call.context, in: function), in: Register.r13, to: target)
    }
    var understood: Set<UInt64> = []
    for store in trace.stores {
      understood.insert(store.address)
      guard case .object(let object, let offset)? = resolver.place(store.place, in: function),
        object.hasFacts
      else { continue }
      // A word that is put back where it came from changes nothing.
      if trace.origins[store.value] == .loaded(store.place), store.value.offset == 0 { continue }
      let value = resolver.place(store.value, in: function)
      // A closure whose start was inlined into all callers is never given anything.
      if value == nil, case .entry = trace.origins[store.value], store.value.offset == 0,
        program.contexts[function].isNested
      {
        continue
      }
      noteStored(value, at: offset, of: object)
    }
    for touch in trace.touches where touch.writes && !understood.contains(touch.address) {
      guard case .object(let object, let offset)? = resolver.place(touch.place, in: function),
        object.hasFacts
      else { continue }
      for word in 0..<touch.words { noteStored(nil, at: (offset & ~7) + word * 8, of: object) }
    }
  }
}

extension Object {
  /// Whether its words are known by what is stored, not by a declaration.
  fileprivate var hasFacts: Bool {
    if case .instance = self { false } else { true }
  }
}
