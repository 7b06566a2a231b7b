/// What tasks asked of an object, what they were told, and when.
///
/// A value: each task can fill one of its own, and they are put together at the end.
public struct History<Operation: Sendable, Result: Sendable>: Sendable {
  /// One operation. It took effect at some moment between its call and its answer.
  public struct Record: Sendable {
    public var task: Int
    public var operation: Operation
    /// When it was called, on a clock that all tasks share.
    public var call: UInt64
    /// `nil` while it is open: then it has taken effect, or will, or never does.
    public var answer: Answer?

    public init(task: Int, operation: Operation, call: UInt64, answer: Answer? = nil) {
      self.task = task
      self.operation = operation
      self.call = call
      self.answer = answer
    }
  }

  public struct Answer: Sendable {
    public var result: Result
    public var time: UInt64

    public init(result: Result, time: UInt64) {
      self.result = result
      self.time = time
    }
  }

  public var records: [Record] = []

  public init(_ records: [Record] = []) { self.records = records }

  /// Adds what another task has done.
  public mutating func add(_ other: Self) { records += other.records }
}
