import Foundation

/// Programs of the toolchain and of the system, found through `PATH`.
package enum Tool {
  /// `nil` when there is no such program.
  package static func path(_ name: String) -> String? {
    if name.contains("/") { return name }
    let directories = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return directories.split(separator: ":")
      .map { "\($0)/\(name)" }
      .first { access($0, X_OK) == 0 }
  }

  /// Runs a program that has to succeed, and returns what it wrote.
  @discardableResult
  package static func run(_ command: String...) throws -> String {
    try run(command)
  }

  @discardableResult
  package static func run(_ command: [String]) throws -> String {
    guard let path = path(command[0]) else {
      throw Command.Failure(reason: "no \(command[0]) in PATH")
    }
    let result = try Command(path: path, arguments: Array(command.dropFirst())).run()
    guard result.end == .exited(0) else {
      throw Command.Failure(reason: "\(command[0]) \(result.end): \(result.output)\(result.errors)")
    }
    return result.output + result.errors
  }
}
