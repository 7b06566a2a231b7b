/// Looks up addresses in one image.
struct ImageLookup {
  typealias Function = SymbolizerTool.Function

  let path: String
  /// `nil` when the file cannot be read (any more).
  let image: ElfImage?
  let tool: SymbolizerTool?

  /// One address to look up, and what the image itself says of it.
  private struct Query {
    var place: Place
    /// The address in the file to look up: of the call, not of the return.
    var vaddr: UInt64
    var symbol: ElfSymbol?
    /// The whole function, or just the one byte.
    var extent: Range<UInt64>
    /// For an address without a line: others in the same function that may have the line, by
    /// preference.
    var substitutes: [UInt64] = []
  }

  /// How far ahead of a call that opens an access to look for a line, in bytes.
  ///
  /// The compiler often leaves that call without a line. What follows is the access itself, so
  /// its line is that of the statement; what precedes may be the statement before, or anything
  /// that an optimised build moved there.
  private static let lookahead: UInt64 = 48

  /// What opens an access.
  private static let beginning = "swift_beginAccess"

  /// How far to look for a line elsewhere, in spans to each side: beyond, it would say little of
  /// the place.
  private static let neighbourLimit = 8

  /// The frames at each place's address, innermost first.
  func frames(at places: [Place]) -> [UInt64: [Frame]] {
    var queries = places.map(query)
    let extents = queries.map(\.extent)
    let lines = image.map { LineTable(of: $0, in: extents) }
    if let lines {
      for index in queries.indices {
        queries[index].substitutes = substitutes(for: queries[index], lines)
      }
    }
    var answers: [UInt64: [Function]] = [:]
    if let tool, image != nil {
      let addresses = Set(queries.flatMap { [$0.vaddr] + $0.substitutes }).sorted()
      answers = tool.functions(at: addresses, inImageAt: path) ?? [:]
    }
    lazy var inlined = image.map { InlinedFunctions(of: $0, in: extents) }
    var frames: [UInt64: [Frame]] = [:]
    for query in queries {
      let functions =
        if Self.isUseful(answers[query.vaddr], for: query) {
          self.functions(for: query) { answers[$0] ?? [] }
        } else {
          self.functions(for: query) {
            Self.functions(at: $0, in: query, lines: lines, inlined: inlined)
          }
        }
      frames[query.place.address] = self.frames(functions, at: query.place)
    }
    return frames
  }

  private func substitutes(for query: Query, _ lines: LineTable) -> [UInt64] {
    let span = lines.span(at: query.vaddr)
    guard span?.location == nil else { return [] }
    let neighbours = lines.neighbours(
      of: query.vaddr, in: query.extent, limit: Self.neighbourLimit)
    if span == nil, neighbours.isEmpty { return [] }  // no lines at all
    let around = neighbours.map { max($0.range.lowerBound, query.extent.lowerBound) }
    guard image?.callee(before: query.place.offset) == Self.beginning else { return around }
    let next = query.place.offset
    let end = min(query.extent.upperBound, next.addingSaturating(Self.lookahead))
    return Array(next..<max(next, end)) + around
  }

  private func query(_ place: Place) -> Query {
    var vaddr = place.offset &- 1
    if let symbol = image?.symbol(containing: place.offset), symbol.value == place.offset,
      Self.isResumeFunction(symbol.name)
    {
      vaddr = place.offset
    }
    let symbol = image?.symbol(containing: vaddr)
    let end = symbol.map { $0.value.addingSaturating($0.size) } ?? vaddr
    let extent = (symbol?.value ?? vaddr)..<max(end, vaddr.addingSaturating(1))
    return Query(place: place, vaddr: vaddr, symbol: symbol, extent: extent)
  }

  /// Whether the symbol names the rest of an `async` function after a suspension: it ends in
  /// `TQ0_` or `TY0_`, with any number.
  private static func isResumeFunction(_ symbol: String) -> Bool {
    guard symbol.hasSuffix("_") else { return false }
    let digits = symbol.utf8.dropLast().reversed().prefix { (48...57).contains($0) }
    let head = symbol.utf8.dropLast(digits.count + 1)
    return head.suffix(2).elementsEqual("TQ".utf8) || head.suffix(2).elementsEqual("TY".utf8)
  }
}

// MARK: - Answers

extension ImageLookup {
  /// Whether the tool's answer says more than the image itself.
  private static func isUseful(_ functions: [Function]?, for query: Query) -> Bool {
    guard let functions, functions.contains(where: { $0.symbol != "" }) else { return false }
    // Without lines the tool takes the nearest symbol before the address, however far it is.
    return query.symbol != nil || functions.contains { $0.location != nil }
  }

  /// What the image itself says, as the tool would.
  private static func functions(
    at vaddr: UInt64, in query: Query, lines: LineTable?, inlined: InlinedFunctions?
  ) -> [Function] {
    var functions: [Function] = []
    var location = lines?.span(at: vaddr)?.location
    for instance in (inlined?.chain(at: vaddr) ?? []).dropLast() {
      functions.append(Function(symbol: instance.symbol, location: location))
      location = instance.call
    }
    return functions + [Function(symbol: query.symbol?.name ?? "", location: location)]
  }

  /// The functions at an address; for those without a line, the nearest one that `answer` knows
  /// for the same function.
  private func functions(for query: Query, answer: (UInt64) -> [Function]) -> [Function] {
    var functions = answer(query.vaddr)
    for isEntryWelcome in [false, true] {
      for substitute in query.substitutes {
        fill(&functions, from: answer(substitute), isEntryWelcome: isEntryWelcome)
      }
    }
    return functions
  }

  /// Takes over locations from a neighbour, as long as both are in the same calls of the same
  /// functions, from the outermost on.
  ///
  /// - Parameter isEntryWelcome: Whether a line without a column will do: it is where the function
  ///   begins, not what it does.
  private func fill(
    _ functions: inout [Function], from neighbour: [Function], isEntryWelcome: Bool
  ) {
    for (index, other) in zip(functions.indices.reversed(), neighbour.reversed()) {
      let known = functions[index].location
      guard functions[index].symbol == other.symbol,
        known == nil || known?.precision == .nearest || known == other.location
      else { return }
      if var location = other.location, known == nil, isEntryWelcome || location.column > 0 {
        location.precision = .nearest
        functions[index].location = location
      }
    }
  }

  private func frames(_ functions: [Function], at place: Place) -> [Frame] {
    functions.enumerated().map { index, function in
      let name = function.symbol.isEmpty ? nil : FunctionName(symbol: function.symbol)
      let file = path.split(separator: "/").last ?? "?"
      var frame = Frame(
        address: place.address, image: path, offset: place.offset,
        symbol: name == nil ? nil : function.symbol,
        function: name?.text ?? "\(file) + 0x\(String(place.offset, radix: 16))",
        module: name?.module, location: function.location,
        isInlined: index < functions.count - 1, isThunk: name?.isThunk ?? false,
        isMerged: name?.isMerged ?? false)
      // The nearest line of an inlined library function would be one of its caller.
      if frame.isInlined, frame.origin != .own, frame.location?.precision == .nearest {
        frame.location = nil
      }
      return frame
    }
  }
}
