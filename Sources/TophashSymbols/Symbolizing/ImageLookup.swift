/// Looks up addresses in one image.
struct ImageLookup {
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
    var span: LineTable.Span?
    /// For an address without a line: the code around it in the same function, by preference.
    var neighbours: [LineTable.Span] = []

    /// The addresses to ask about when this one turns out to have no line.
    var substitutes: [UInt64] {
      neighbours.map { max($0.range.lowerBound, extent.lowerBound) }
    }
  }

  /// How far to look for a line, in spans to each side: beyond, it would say little of the place.
  private static let neighbourLimit = 8

  /// The frames at each place's address, innermost first.
  func frames(at places: [Place]) -> [UInt64: [Frame]] {
    let queries = queries(at: places)
    let answers: [UInt64: [SymbolizerTool.Function]]?
    if let tool, image != nil {
      let addresses = Set(queries.flatMap { [$0.vaddr] + $0.substitutes }).sorted()
      answers = tool.functions(at: addresses, inImageAt: path)
    } else {
      answers = nil
    }
    var frames: [UInt64: [Frame]] = [:]
    for query in queries {
      let functions =
        answers.map { self.functions(for: query, among: $0) } ?? [ownFunction(for: query)]
      frames[query.place.address] = self.frames(functions, at: query.place)
    }
    return frames
  }

  private func queries(at places: [Place]) -> [Query] {
    var queries = places.map(query)
    guard let image else { return queries }
    let lines = LineTable(of: image, in: queries.map(\.extent))
    for index in queries.indices {
      let query = queries[index]
      queries[index].span = lines.span(at: query.vaddr)
      if queries[index].span?.location == nil {
        queries[index].neighbours = lines.neighbours(
          of: query.vaddr, in: query.extent, limit: Self.neighbourLimit)
      }
    }
    return queries
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
  /// What the tool says; where it knows no line, the nearest one that it knows for the same
  /// function.
  private func functions(
    for query: Query, among answers: [UInt64: [SymbolizerTool.Function]]
  ) -> [SymbolizerTool.Function] {
    guard var functions = answers[query.vaddr], functions.contains(where: { $0.symbol != "" })
    else { return [ownFunction(for: query)] }
    // Without lines the tool takes the nearest symbol before the address, however far it is.
    if query.symbol == nil, functions.allSatisfy({ $0.location == nil }) {
      return [ownFunction(for: query)]
    }
    for isEntryWelcome in [false, true] {
      for substitute in query.substitutes {
        fill(&functions, from: answers[substitute] ?? [], isEntryWelcome: isEntryWelcome)
      }
    }
    return functions
  }

  /// Takes over locations from a neighbour, as long as both are in the same functions, from the
  /// outermost on.
  ///
  /// - Parameter isEntryWelcome: Whether a line without a column will do: it is where the function
  ///   begins, not what it does.
  private func fill(
    _ functions: inout [SymbolizerTool.Function], from neighbour: [SymbolizerTool.Function],
    isEntryWelcome: Bool
  ) {
    for (index, other) in zip(functions.indices.reversed(), neighbour.reversed()) {
      guard functions[index].symbol == other.symbol else { return }
      if functions[index].location == nil, var location = other.location,
        isEntryWelcome || location.column > 0
      {
        location.isNearest = true
        functions[index].location = location
      }
    }
  }

  /// What the image itself says: the symbol, and the line from its table.
  private func ownFunction(for query: Query) -> SymbolizerTool.Function {
    var location = query.span?.location
    if location == nil {
      let locations = query.neighbours.compactMap(\.location)
      location = locations.first { $0.column > 0 } ?? locations.first
      location?.isNearest = true
    }
    return SymbolizerTool.Function(symbol: query.symbol?.name ?? "", location: location)
  }

  private func frames(_ functions: [SymbolizerTool.Function], at place: Place) -> [Frame] {
    functions.enumerated().map { index, function in
      let name = function.symbol.isEmpty ? nil : FunctionName(symbol: function.symbol)
      let file = path.split(separator: "/").last ?? "?"
      var frame = Frame(
        address: place.address, image: path, offset: place.offset,
        symbol: name == nil ? nil : function.symbol,
        function: name?.text ?? "\(file) + 0x\(String(place.offset, radix: 16))",
        module: name?.module, location: function.location,
        isInlined: index < functions.count - 1, isThunk: name?.isThunk ?? false)
      // The nearest line of an inlined library function would be one of its caller.
      if frame.isInlined, frame.origin != .own, frame.location?.isNearest == true {
        frame.location = nil
      }
      return frame
    }
  }
}
