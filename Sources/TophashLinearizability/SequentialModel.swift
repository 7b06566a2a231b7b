/// What an object that tasks share does, told as if one operation ran at a time.
///
/// ```swift
/// enum CounterOperation { case increment, read }
///
/// struct CounterModel: SequentialModel {
///   var initialState: Int { 0 }
///
///   func apply(_ operation: CounterOperation, to state: inout Int) -> Int {
///     if operation == .increment { state += 1 }
///     return state
///   }
/// }
/// ```
public protocol SequentialModel<Operation, Result>: Sendable {
  /// What can be asked of the object.
  associatedtype Operation: Sendable
  /// What it answers.
  associatedtype Result: Equatable & Sendable
  /// What it remembers, or, of an object in parts, what one part does.
  associatedtype State: Hashable & Sendable
  /// Names a part that no operation on another part depends on, such as a key of a map.
  associatedtype Part: Hashable & Sendable = WholeObject

  /// Before the first operation.
  var initialState: State { get }

  /// Does one operation, and answers.
  func apply(_ operation: Operation, to state: inout State) -> Result

  /// The one part that an operation is about. Each is decided by itself, which costs far less
  /// than all together.
  func part(of operation: Operation) -> Part
}

/// The part of an object that has only one.
public enum WholeObject: Hashable, Sendable { case whole }

extension SequentialModel where Part == WholeObject {
  public func part(of operation: Operation) -> WholeObject { .whole }
}
