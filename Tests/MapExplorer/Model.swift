/// What can be done to a map, with what it answered.
enum Operation: Sendable {
  case get(Int)
  case set(Int, to: Int)
  case remove(Int)
  /// Reads, adds and writes in one step.
  case add(Int, Int)

  var key: Int {
    switch self {
    case .get(let key), .set(let key, _), .remove(let key), .add(let key, _): key
    }
  }

  /// What a map that does one thing at a time answers.
  func applied(to model: inout [Int: Int]) -> Int? {
    switch self {
    case .get(let key): return model[key]
    case .set(let key, let value): return model.updateValue(value, forKey: key)
    case .remove(let key): return model.removeValue(forKey: key)
    case .add(let key, let amount):
      model[key, default: 0] += amount
      return model[key]
    }
  }
}

/// An operation that was called at one moment and answered at a later one.
struct Answer: Sendable {
  var operation: Operation
  var result: Int?
  var called: Int
  var answered: Int
}

/// Whether some order of the operations explains every answer, where none comes before another
/// one that had been answered when it was called (Wing and Gong, 1993). For a few operations: the
/// time grows with the factorial of their number.
func isLinearizable(_ answers: [Answer]) -> Bool {
  func explain(_ left: [Answer], _ model: [Int: Int]) -> Bool {
    if left.isEmpty { return true }
    let earliest = left.map(\.answered).min()!
    for (index, next) in left.enumerated() where next.called < earliest {
      var model = model
      guard next.operation.applied(to: &model) == next.result else { continue }
      var rest = left
      rest.remove(at: index)
      if explain(rest, model) { return true }
    }
    return false
  }
  return explain(answers, [:])
}
