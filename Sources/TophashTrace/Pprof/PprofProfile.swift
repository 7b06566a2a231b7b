import TophashSymbols

/// A profile of waits in pprof's format, as `go tool pprof` and others read it: gzip around
/// `perftools.profiles.Profile` (https://github.com/google/pprof/blob/main/proto/profile.proto).
///
/// A sample has a number of waits and a time, as in Go's own profiles. Waits for something that
/// has yet to happen have a pair of their own (`-sample_index=waiting`), as they would bury the
/// others, which are shown first.
package struct PprofProfile {
  private var strings: [String: UInt64] = ["": 0]
  private var stringTable = [""]
  private var functions: [Function: UInt64] = [:]
  private var locations: [[Line]: UInt64] = [:]
  private var body = ProtobufMessage()

  private struct Function: Hashable {
    var name: String
    var file: String
  }

  private struct Line: Hashable {
    var function: UInt64
    var line: UInt64
    var column: UInt64
  }

  // Fields of the messages, by their numbers in profile.proto.
  private enum Field {
    static let sampleType = 1
    static let sample = 2
    static let location = 4
    static let function = 5
    static let stringTable = 6
    static let durationNanoseconds = 10
    static let periodType = 11
    static let period = 12
    static let comment = 13
    static let defaultSampleType = 14
  }

  /// - Parameter comments: Shown by `go tool pprof -comments`.
  package static func bytes(of profile: WaitProfile, comments: [String] = []) -> [UInt8] {
    var writer = PprofProfile()
    return Gzip.stored(writer.write(profile, comments).bytes)
  }

  private mutating func write(_ profile: WaitProfile, _ comments: [String]) -> ProtobufMessage {
    let count = valueType("contentions", "count")
    body.add(count, field: Field.sampleType)
    body.add(valueType("delay", "nanoseconds"), field: Field.sampleType)
    body.add(valueType("waits", "count"), field: Field.sampleType)
    body.add(valueType("waiting", "nanoseconds"), field: Field.sampleType)
    for sample in profile.samples { add(sample) }
    body.add(profile.duration, field: Field.durationNanoseconds)
    body.add(count, field: Field.periodType)
    body.add(UInt64(1), field: Field.period)
    for comment in comments { body.addAlways(string(comment), field: Field.comment) }
    body.add(string("delay"), field: Field.defaultSampleType)
    for text in stringTable { body.add(text, field: Field.stringTable) }
    return body
  }

  private mutating func add(_ sample: WaitProfile.Sample) {
    // Inlined functions are lines of the location that they were inlined into.
    var stack: [UInt64] = []
    var lines: [Line] = []
    for frame in sample.stack {
      lines.append(line(frame))
      if frame.isInlined { continue }
      stack.append(location(lines))
      lines = []
    }
    if !lines.isEmpty { stack.append(location(lines)) }

    var message = ProtobufMessage()
    message.addPacked(stack, field: 1)
    let values = [sample.count, sample.total]
    message.addPacked(sample.kind.isContention ? values + [0, 0] : [0, 0] + values, field: 2)
    message.add(label("waits-for", sample.kind.label), field: 3)
    if let subject = sample.subject { message.add(label("name", subject), field: 3) }
    body.add(message, field: Field.sample)
  }

  private mutating func location(_ lines: [Line]) -> UInt64 {
    if let known = locations[lines] { return known }
    let id = UInt64(locations.count + 1)
    locations[lines] = id
    body.add(Field.location) { message in
      message.add(id, field: 1)
      for line in lines {
        message.add(4) {
          $0.add(line.function, field: 1)
          $0.add(line.line, field: 2)
          $0.add(line.column, field: 3)
        }
      }
    }
    return id
  }

  private mutating func line(_ frame: Frame) -> Line {
    Line(
      function: function(Function(name: frame.function, file: frame.location?.file ?? "")),
      line: UInt64(frame.location?.line ?? 0), column: UInt64(frame.location?.column ?? 0))
  }

  private mutating func function(_ function: Function) -> UInt64 {
    if let known = functions[function] { return known }
    let id = UInt64(functions.count + 1)
    functions[function] = id
    let name = string(function.name)
    let file = string(function.file)
    body.add(Field.function) {
      $0.add(id, field: 1)
      $0.add(name, field: 2)
      $0.add(name, field: 3)
      $0.add(file, field: 4)
    }
    return id
  }

  private mutating func valueType(_ type: String, _ unit: String) -> ProtobufMessage {
    var message = ProtobufMessage()
    message.add(string(type), field: 1)
    message.add(string(unit), field: 2)
    return message
  }

  private mutating func label(_ key: String, _ value: String) -> ProtobufMessage {
    var message = ProtobufMessage()
    message.add(string(key), field: 1)
    message.add(string(value), field: 2)
    return message
  }

  /// The index of `text` in the table of strings.
  private mutating func string(_ text: String) -> UInt64 {
    if let known = strings[text] { return known }
    let index = UInt64(stringTable.count)
    strings[text] = index
    stringTable.append(text)
    return index
  }
}
