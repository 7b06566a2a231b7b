import Synchronization

/// Two accesses met in a dictionary that is not for sharing, and at least one changed it.
///
/// Every operation of a `FailFastDictionary` looks for a change that is open, and
/// looks again at its end for one that came meanwhile. What is noticed did
/// happen: there are no false reports. What is not noticed may have happened all
/// the same: operations that share the dictionary without a lock, but never
/// meet in time, are as wrong, and only `tophash run` can tell.
///
/// Noticing costs a comparison or two and writes nothing on behalf of a reader.
/// When it happens, the other side is waited for, for a moment, until it comes
/// to the end of its operation or begins another one: then it tells where it is.
public struct DictionaryMisuse: Error, Sendable {
  /// What met. The raw values are the sentences of Go's runtime.
  public enum Kind: String, Sendable {
    case writes = "concurrent map writes"
    case readAndWrite = "concurrent map read and map write"
    case iterationAndWrite = "concurrent map iteration and map write"
    case cloneAndWrite = "concurrent map clone and map write"
  }

  /// One of the two accesses.
  public struct Side: Sendable {
    /// What it did: a phrase such as "was updating a value".
    public var operation: String
    /// The kernel's identifier of the thread; 0 when it is not known.
    public var thread: Int32
    public var threadName: String?
    /// The name of the Swift task, `""` for one that has no name, nil without a task.
    public var taskName: String?
    /// Whether the access had ended when it was noticed.
    public var isOver: Bool
    var stack: MisuseStack?

    /// The functions that led to the access, the innermost first, with file and
    /// line where there are any. Only the innermost when the side did not come by in time.
    ///
    /// - Complexity: reads debug information; milliseconds
    public var frames: [String] { stack?.frames ?? [] }
  }

  public var kind: Kind
  /// The type of the dictionary.
  public var dictionary: String
  /// The side that noticed. For it, the operation has failed, or was completed
  /// with an unknown result.
  public var noticedBy: Side
  public var other: Side
  /// Whether both are the same thread: the operation was begun within another
  /// one, as in the body of a modification in place.
  public var isWithinItself: Bool
}

extension DictionaryMisuse {
  /// What to do about a misuse.
  public enum Response: Sendable {
    /// Write both sides to standard error, and end the program with status 2.
    case stop
    /// Call a function, on the thread that noticed, and go on.
    ///
    /// An operation that would have met an open change is not carried out:
    /// reading gives nothing, and a change is dropped. What was going on already
    /// may have left damage behind. Take the dictionary out of use.
    case report(@Sendable (DictionaryMisuse) -> Void)
  }

  /// What to do about a misuse, for the whole process. `.stop` unless you choose otherwise.
  public static var onMisuse: Response {
    get { response.withLock { $0 } }
    set { response.withLock { $0 = newValue } }
  }

  private static let response = Mutex(Response.stop)

  /// Runs `body`, and throws the first misuse that it notices.
  ///
  /// Until `body` ends, it goes on as with `Response.report`. For a server that
  /// would rather lose a request than stop.
  public static func throwing<Result>(_ body: () throws -> Result) throws -> Result {
    let record = Record()
    let result = try $record.withValue(record) { try body() }
    if let misuse = record.first.withLock({ $0 }) { throw misuse }
    return result
  }

  @TaskLocal static var record: Record?

  final class Record: Sendable {
    let first = Mutex<DictionaryMisuse?>(nil)
  }
}

extension DictionaryMisuse: CustomStringConvertible {
  /// The report, as the program prints it when it stops.
  public var description: String { "fatal error: \(kind.rawValue)\n" + details }

  /// All of the report but its first line.
  var details: String {
    var text = "\n\(dictionary): \(noticedBy.name) \(noticedBy.operation)\n"
    text += "while \(isWithinItself ? "it" : other.name) \(other.operation)"
    text +=
      isWithinItself ? ", further up the stack\n" : other.isOver ? " (which had ended)\n" : "\n"
    text += "\n\(noticedBy.name):\n" + noticedBy.stackText
    if !isWithinItself { text += "\n\(other.name):\n" + other.stackText }
    return text
  }
}

extension DictionaryMisuse.Side {
  var name: String {
    var text = thread == 0 ? "a thread" : "thread \(thread)"
    if let threadName, !threadName.isEmpty { text += " \"\(threadName)\"" }
    if let taskName { text += taskName.isEmpty ? ", an unnamed task" : ", task \"\(taskName)\"" }
    return text
  }

  var stackText: String {
    guard let stack else { return "  went on before it could be asked for its stack\n" }
    let text = stack.frames.map { "  \($0)\n" }.joined()
    return stack.isPartial ? text + "  (it went on before it could be asked for more)\n" : text
  }
}
