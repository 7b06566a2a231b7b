/// The logical unit that made an access: never the pool thread that happened to run it.
///
/// In the general model this is a *writer*.
package enum Owner: Hashable, Sendable {
  /// A Swift task; its number is the runtime's own, when it could be read.
  case task(id: UInt64?, name: String?)
  /// A work item of Dispatch, and the queue it was submitted to.
  case workItem(queue: String?)
  /// A thread that runs no task; `id` is the kernel's, as debuggers show it.
  case thread(id: Int32, name: String?, isMain: Bool)
}

extension Owner: CustomStringConvertible {
  /// As reports write it: `task 7 "restock"`, `thread 4711 "worker"`, `main thread`,
  /// `work item of "orders"`.
  package var description: String {
    switch self {
    case .task(nil, nil): "task"
    case .task(let id?, nil): "task \(id)"
    case .task(nil, let name?): "task \(Self.quoted(name))"
    case .task(let id?, let name?): "task \(id) \(Self.quoted(name))"
    case .workItem(nil): "work item"
    case .workItem(let queue?): "work item of \(Self.quoted(queue))"
    case .thread(_, _, isMain: true): "main thread"
    case .thread(let id, nil, _): "thread \(id)"
    case .thread(let id, let name?, _): "thread \(id) \(Self.quoted(name))"
    }
  }

  /// A name that the program gave, in quotes, on one line: what would end the quotes, as Swift
  /// Testing's names of tasks do, or the line, is written in another way.
  package static func quoted(_ name: String) -> String {
    let scalars = name.unicodeScalars.map { scalar in
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: scalar.escaped(asASCII: true)
      default: scalar == "\"" ? "'" : String(scalar)
      }
    }
    return "\"\(scalars.joined())\""
  }

  package var isTask: Bool {
    if case .task = self { true } else { false }
  }
}
