import Foundation

/// Programs of the toolchain and of the system, found through `PATH`.
package enum Tool {
  /// `nil` when there is no such program.
  package static func path(_ name: String) -> String? {
    let directories = ProcessInfo.processInfo.environment["PATH"] ?? ""
    return directories.split(separator: ":")
      .map { "\($0)/\(name)" }
      .first { access($0, X_OK) == 0 }
  }

  /// Runs a program that has to succeed.
  package static func run(_ name: String, _ arguments: [String]) throws {
    guard let path = path(name) else { throw Command.Failure(reason: "no \(name) in PATH") }
    let result = try Command(path: path, arguments: arguments).run()
    guard result.end == .exited(0) else {
      throw Command.Failure(reason: "\(name) \(result.end): \(result.output)\(result.errors)")
    }
  }
}
