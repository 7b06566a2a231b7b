import TophashFindings
import TophashSymbols

/// One access of a finding in JSON.
struct JSONSide: Codable {
  struct Owner: Codable {
    enum Kind: String, Codable {
      case task, workItem, thread
    }

    var kind: Kind
    var id: UInt64?
    var name: String?
    var description: String

    init(_ owner: TophashFindings.Owner) {
      description = owner.description
      switch owner {
      case .task(let id, let name): (kind, self.id, self.name) = (.task, id, name)
      case .workItem(let queue): (kind, id, name) = (.workItem, nil, queue)
      case .thread(let id, let name, _):
        (kind, self.id, self.name) = (.thread, UInt64(clamping: id), name)
      }
    }

    var owner: TophashFindings.Owner {
      switch kind {
      case .task: .task(id: id, name: name)
      case .workItem: .workItem(queue: name)
      case .thread:
        .thread(
          id: Int32(clamping: id ?? 0), name: name,
          isMain: description == Self.mainThread.description)
      }
    }

    private static let mainThread = TophashFindings.Owner.thread(id: 0, name: nil, isMain: true)
  }

  struct Thread: Codable {
    var id: Int32
    var name: String?
  }

  var operation: Side.Operation
  var owner: Owner
  var thread: Thread
  var queue: String?
  var site: JSONFrame?
  var stack: [JSONFrame]
  var awaitedBy: [JSONFrame]
  var isHeld: Bool
  var isSuspended: Bool
  var hasExactStack: Bool
  /// Absent where it is not known, or there is none.
  var test: JSONTest?

  init(_ side: Side, _ paths: Paths) {
    operation = side.operation
    owner = Owner(side.owner)
    thread = Thread(id: side.threadID, name: side.threadName)
    queue = side.queue
    site = side.site.map { JSONFrame($0, paths) }
    stack = side.stack.map { JSONFrame($0, paths) }
    awaitedBy = side.awaitedBy.map { JSONFrame($0, paths) }
    isHeld = side.isHeld
    isSuspended = side.isSuspended
    hasExactStack = side.hasExactStack
    test = side.test.map(JSONTest.init)
  }

  var side: Side {
    let frames = stack.map(\.frame)
    let site = site?.frame
    return Side(
      operation: operation, owner: owner.owner, threadID: thread.id, threadName: thread.name,
      queue: queue, stack: frames, awaitedBy: awaitedBy.map(\.frame),
      // Only the frame is told, which stands for the first one like it.
      siteIndex: frames.firstIndex { $0 == site }, isHeld: isHeld, isSuspended: isSuspended,
      hasExactStack: hasExactStack, test: test?.test)
  }
}

/// A stack frame in JSON.
struct JSONFrame: Codable {
  struct Location: Codable {
    var file: String
    var line: Int
    var column: Int?
    var isNearest: Bool
    var isCaller: Bool
  }

  var function: String
  var symbol: String?
  var module: String?
  var image: String?
  var offset: Offset
  var location: Location?
  var isInlined: Bool
  var isRuntime: Bool
  var isMerged: Bool
  var isThunk: Bool

  init(_ frame: Frame, _ paths: Paths) {
    function = frame.function
    symbol = frame.symbol
    module = frame.module
    image = frame.image.map(paths.relative)
    offset = Offset(value: frame.offset)
    location = frame.location.map {
      Location(
        file: paths.relative($0.file), line: $0.line, column: $0.column > 0 ? $0.column : nil,
        isNearest: $0.precision == .nearest, isCaller: $0.precision == .caller)
    }
    isInlined = frame.isInlined
    isRuntime = frame.isRuntime
    isMerged = frame.isMerged
    isThunk = frame.isThunk
  }

  var frame: Frame {
    Frame(
      // The address is gone with the process.
      address: offset.value, image: image, offset: offset.value, symbol: symbol,
      function: function, module: module,
      location: location.map {
        SourceLocation(
          file: $0.file, line: $0.line, column: $0.column ?? 0,
          precision: $0.isNearest ? .nearest : $0.isCaller ? .caller : .exact)
      },
      isInlined: isInlined, isThunk: isThunk, isMerged: isMerged)
  }
}

extension JSONFrame {
  /// Hexadecimal, as JSON's numbers need not hold 64 bits.
  struct Offset: Codable {
    var value: UInt64

    init(value: UInt64) {
      self.value = value
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      let text = try container.decode(String.self)
      guard text.hasPrefix("0x"), let value = UInt64(text.dropFirst(2), radix: 16) else {
        throw DecodingError.dataCorruptedError(
          in: container, debugDescription: "an offset such as '0x1f40' was expected")
      }
      self.value = value
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      try container.encode("0x" + String(value, radix: 16))
    }
  }
}
