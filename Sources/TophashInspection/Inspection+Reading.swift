import TophashSymbols

/// Why a binary cannot be inspected.
package enum InspectionError: Error, Hashable {
  case otherProcessor
  case noSwiftCode
  /// The runtime is linked in, and stripped: no call can be told from another.
  case namelessRuntime
}

extension Inspection {
  /// Reads all code and metadata of `image`.
  ///
  /// - Parameter symbolizer: path of an `llvm-symbolizer`, to see through inlining; `nil` to do
  ///   without.
  /// - Throws: `InspectionError`.
  /// - Complexity: O(n) in the size of the code, and one process for its lines.
  package init(_ image: ElfImage, symbolizer: String?) throws(InspectionError) {
    guard image.machine == .x86_64 else { throw .otherProcessor }
    guard image.hasSwiftCode else { throw .noSwiftCode }
    let mentionsRuntime = image.imports("swift_release") || image.defines("swift_release")
    guard mentionsRuntime else { throw .namelessRuntime }
    var reading = InspectionReading(image)
    self = reading.run(symbolizer: symbolizer)
  }
}

/// The way from code to an `Inspection`.
private struct InspectionReading {
  /// A variable, by what it is found by.
  enum Key: Hashable {
    case property(String)
    case global(UInt64)
    case captured(UInt64)
    /// What the compiler keeps on the stack, since nobody else can have it.
    case frame
  }

  /// A site whose variable is not known yet.
  struct Found {
    var key: Key?
    /// The distance from the start of an object of unknown class.
    var offset: Int64?
    var address: UInt64
    var function: Int
    var kind: AccessSite.Kind
    var isTracked: Bool
  }

  let image: ElfImage
  let program: ProgramCode
  let resolver: Resolver
  var found: [Found] = []
  /// The functions that use a variable, by load or store or by passing its address on.
  var uses: [Key: Set<Int>] = [:]
  var sharedGates = 0
  var metadata: [Key: (function: Int, metadata: UInt64)] = [:]

  init(_ image: ElfImage) {
    self.image = image
    program = ProgramCode(image, VariableTable(DeclaredVariables(image)))
    resolver = Resolver(program: program, facts: Facts.learned(from: program))
  }

  mutating func run(symbolizer: String?) -> Inspection {
    for function in program.traces.indices { read(function) }
    let range = image.addressRange ?? 0..<0
    let loaded = LoadedImage(path: image.path, base: 0, range: range)
    let frames = Symbolizer(
      images: [loaded], toolPath: symbolizer, cache: ElfImageCache([image.path: image])
    ).frames(at: found.map(\.address))

    var sites: [Key: [AccessSite]] = [:]
    var unresolved: [AccessSite] = []
    /// Where the variables that could not be told lie in their objects; `nil` is anywhere.
    var unresolvedOffsets: Set<Int64?> = []
    for one in found {
      let frames = frames[one.address] ?? []
      let site = self.site(one, frames)
      if one.key == .frame {
        continue
      } else if let key = one.key ?? accessed(in: frames) {
        sites[key, default: []].append(site)
      } else if one.kind == .gate {
        sharedGates += 1
      } else if frames.contains(where: { $0.origin == .own }) {
        // What is left is the standard library's own, linked in.
        unresolved.append(site)
        unresolvedOffsets.insert(one.offset)
      }
    }
    let isChecked = image.imports(Runtime.beginAccess) || image.defines(Runtime.beginAccess)
    let judge = Verdicts(
      sites: sites.mapValues { $0.sorted(by: AccessSite.isBefore) }, uses: uses,
      unresolvedOffsets: unresolvedOffsets, isChecked: isChecked,
      isNameless: !image.hasSymbolTable)
    return Inspection(
      binary: image.path, buildID: image.buildID, variables: variables(judge),
      unresolved: unresolved.sorted(by: AccessSite.isBefore), sharedGates: sharedGates,
      isExclusivityChecked: isChecked, hasSymbols: image.hasSymbolTable,
      hasLines: image.section(named: ".debug_line") != nil,
      unreadFunctions: program.traces.count { !$0.isComplete })
  }
}

// MARK: - Sites

extension InspectionReading {
  private mutating func read(_ function: Int) {
    let trace = program.traces[function]
    let isNoUse = initialises(function) || program.isIdleAccessor(function)
    for call in trace.calls {
      switch call.target {
      case .symbol(Runtime.beginAccess): access(call, in: function)
      case .symbol(Runtime.uniquenessGate): gate(call, in: function)
      default:
        if isNoUse { continue }
        for argument in call.arguments + [call.context]
        where argument.isKnown && !argument.isStack {
          if let key = key(of: argument, in: function) { uses[key, default: []].insert(function) }
        }
      }
    }
    if isNoUse { return }
    for touch in trace.touches {
      if let key = key(of: touch.place, in: function) { uses[key, default: []].insert(function) }
    }
  }

  private mutating func access(_ call: Trace.Call, in function: Int) {
    let flags = call.arguments[2]
    let modifies = flags.offset & Runtime.AccessFlags.modifies != 0
    let place = call.arguments[0]
    // On the stack, or in an asynchronous frame: nobody else has it.
    if place.isStack { return }
    found.append(
      Found(
        key: key(of: place, in: function),
        offset: place.isKnown && !place.isConstant ? place.offset : nil,
        address: call.returnAddress, function: function,
        kind: !flags.isConstant ? .unknown : modifies ? .modify : .read,
        isTracked: flags.isConstant && flags.offset & Runtime.AccessFlags.isTracked != 0))
  }

  /// The check is asked about the storage that a variable refers to.
  private mutating func gate(_ call: Trace.Call, in function: Int) {
    guard case .loaded(let source) = program.traces[function].origins[call.arguments[0]],
      call.arguments[0].offset == 0, let key = key(of: source, in: function)
    else {
      sharedGates += 1
      return
    }
    found.append(
      Found(
        key: key, offset: nil, address: call.returnAddress, function: function, kind: .gate,
        isTracked: false))
  }

  /// The variable that `value` is the address of, or of a part of.
  private mutating func key(of value: Value, in function: Int) -> Key? {
    switch resolver.place(value, in: function) {
    case .image(let address):
      return program.variables.global(at: address).map { .global($0.address) }
    case .object(.instance(let name), let offset):
      return program.variables.property(at: offset, of: name).map {
        .property(Self.name($0.variable))
      }
    case .object(.frame, _): return .frame
    case .object(.captured(let site, let metadata), let offset) where offset >= 16:
      self.metadata[.captured(site)] = (program.function(containing: site) ?? function, metadata)
      return .captured(site)
    default: return nil
    }
  }

  private static func name(_ variable: Variable) -> String {
    "\(variable.module ?? "").\(variable.name)"
  }

  /// An inlined accessor says whose access this is.
  private func accessed(in frames: [Frame]) -> Key? {
    for frame in frames {
      guard let symbol = frame.symbol else { continue }
      let context = CodeContext(symbol: symbol)
      guard let last = context.path.last, CodeContext.accessors.contains(last) else { continue }
      let owner = context.path.dropLast(2).joined(separator: ".")
      let property = context.path.dropLast().last
      guard let type = program.variables.classes[owner],
        let found = type.properties.first(where: { $0.variable.name.hasSuffix(".\(property!)") })
      else { continue }
      return .property(Self.name(found.variable))
    }
    return nil
  }

  private func site(_ one: Found, _ frames: [Frame]) -> AccessSite {
    let own = frames.filter { $0.origin == .own && !$0.isThunk }
    let written = own.first { frame in
      !(CodeContext.accessors.contains { frame.function.hasSuffix(".\($0)") })
        && (frame.location?.line ?? 0) > 0
    }
    let frame = written ?? own.first ?? frames.first
    return AccessSite(
      address: one.address, kind: one.kind, isTracked: one.isTracked,
      isIdle: program.isIdleAccessor(one.function),
      function: frame?.function ?? "0x\(String(one.address, radix: 16))",
      location: frame?.location.flatMap { $0.line > 0 ? $0 : nil })
  }

  /// Whether the function gives variables their first values or takes their last away, which
  /// nobody else can see.
  private func initialises(_ function: Int) -> Bool {
    let family = program.contexts[function].family
    return ["fc", "fC", "fD", "fd", "fZ", "WZ", "Wz", "vpfi"].contains { family.hasSuffix($0) }
  }
}

// MARK: - Variables

/// What follows from the sites and the uses of a variable.
private struct Verdicts {
  typealias Key = InspectionReading.Key
  var sites: [Key: [AccessSite]]
  var uses: [Key: Set<Int>]
  var unresolvedOffsets: Set<Int64?>
  var isChecked: Bool
  /// Without names, initialisation cannot be told from other use.
  var isNameless: Bool

  /// - Parameters:
  ///   - isMutable: `nil` when it cannot be told.
  ///   - offset: Where it lies in its object; `nil` for other variables.
  func variable(
    _ variable: Variable, _ key: Key, isMutable: Bool?, offset: UInt64?
  ) -> InspectedVariable {
    var result = InspectedVariable(
      variable: variable, visibility: .nothing, sites: sites[key] ?? [],
      uncheckedFunctions: uses[key]?.count ?? 0)
    let sites = result.sites.filter { !$0.isIdle }
    let mayHaveMore =
      offset.map {
        unresolvedOffsets.contains(nil) || unresolvedOffsets.contains(Int64(clamping: $0))
      } ?? false
    if sites.contains(where: \.isTracked) {
      result.visibility = .tracked
    } else if isMutable != false, isNameless, mayHaveMore {
      result.visibility = .unclear
    } else if sites.contains(where: { $0.kind != .gate }) {
      result.visibility = .instantaneous
    } else if !sites.isEmpty {
      result.visibility = .gate
    } else if isMutable == false {
      result.reason = .constant
    } else if !isChecked {
      result.reason = .unchecked
    } else if mayHaveMore {
      // Plain uses prove nothing then: others may be announced.
      result.visibility = .unclear
    } else if result.uncheckedFunctions > 0 {
      result.reason = isMutable == nil ? .constantOrOptimisedAway : .optimisedAway
    } else {
      result.reason = .unused
    }
    return result
  }
}

extension InspectionReading {
  private func variables(_ judge: Verdicts) -> [InspectedVariable] {
    var result: [InspectedVariable] = []
    for type in program.variables.classes.values
    where !ToolchainModules.contains(type.module) {
      for property in type.properties {
        result.append(
          judge.variable(
            property.variable, .property(Self.name(property.variable)),
            isMutable: property.isMutable, offset: property.offset))
      }
    }
    for global in program.variables.globals
    where !ToolchainModules.contains(global.variable.module) {
      result.append(
        judge.variable(
          global.variable, .global(global.address), isMutable: global.hasMutator ? true : nil,
          offset: nil))
    }
    result += captured(judge)
    return result.sorted {
      ($0.variable.module ?? "", $0.variable.name) < ($1.variable.module ?? "", $1.variable.name)
    }
  }

  /// Metadata does not keep their names: they are told apart by where they are allocated.
  private func captured(_ judge: Verdicts) -> [InspectedVariable] {
    var boxes: [Int: [UInt64]] = [:]
    for key in judge.sites.keys {
      if case .captured(let site) = key, let function = metadata[key]?.function {
        boxes[function, default: []].append(site)
      }
    }
    return boxes.flatMap { function, sites in
      sites.sorted().enumerated().map { index, site in
        let key = Key.captured(site)
        let name = program.name(of: function)
        let number = sites.count > 1 ? " \(index + 1)" : ""
        let type = metadata[key].flatMap { program.captured($0.metadata) }
        return judge.variable(
          Variable(
            kind: .capturedVariable, module: name.module,
            name: "captured variable\(number) in \(name.text)", type: type?.type,
            qualifiedType: type?.qualifiedType),
          key, isMutable: true, offset: nil)
      }
    }
  }
}

extension AccessSite {
  fileprivate static func isBefore(_ one: AccessSite, _ other: AccessSite) -> Bool {
    let places = [one, other].map { site in
      (site.location?.file ?? "~", site.location?.line ?? 0, site.location?.column ?? 0)
    }
    return places[0] == places[1] ? one.address < other.address : places[0] < places[1]
  }
}
