import CTophashProtocol
import Glibc

/// Finds the file that a shell would run.
struct ProgramLookup {
  /// The value of `PATH`.
  var path: String

  /// The file for `name`: itself when it names a place, else the first match along `PATH`.
  ///
  /// - Throws: 127 when there is none, 126 when what there is cannot be executed.
  func find(_ name: String) throws(ToolError) -> String {
    guard !name.isEmpty else { throw .notFound("''", "name the program to run") }
    if name.contains("/") {
      try Self.checkExecutable(name)
      return name
    }
    var denied: ToolError?
    for directory in path.split(separator: ":", omittingEmptySubsequences: false) {
      let candidate = (directory.isEmpty ? "." : String(directory)) + "/" + name
      do throws(ToolError) {
        try Self.checkExecutable(candidate)
        return candidate
      } catch {
        if error.code == .cannotRun, denied == nil, !Self.isDirectory(candidate) { denied = error }
      }
    }
    if let denied { throw denied }
    let here = access("./" + name, F_OK) == 0
    throw .notFound(
      "'\(name)'", here ? "write './\(name)' for the one in this directory" : "check the spelling")
  }

  private static func checkExecutable(_ path: String) throws(ToolError) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      switch errno {
      case EACCES:
        throw .cannotRun("'\(path)' cannot be reached", "check the permissions of its directories")
      default: throw .notFound("'\(path)'", "check the path, or build the program first")
      }
    }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw .cannotRun("'\(path)' is a directory", "name the program in it")
    }
    guard status.st_mode & S_IFMT == S_IFREG, access(path, X_OK) == 0 else {
      throw .cannotRun("'\(path)' is not executable", "build it, or set its mode with 'chmod +x'")
    }
  }

  private static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}

extension ToolError {
  static func notFound(_ what: String, _ remedy: String) -> ToolError {
    ToolError(what: "no program \(what)", remedy: remedy, code: .notFound)
  }

  static func cannotRun(_ what: String, _ remedy: String) -> ToolError {
    ToolError(what: what, remedy: remedy, code: .cannotRun)
  }

  /// No process of the user's was `checked` or `measured`.
  static func nothingRan(_ what: String, _ subject: Subject) -> ToolError {
    let isToolchain = tophash_is_toolchain(SmallFile.resolved(subject.path) ?? subject.path)
    return isToolchain
      ? .cannotRun(
        "nothing was \(what): '\(subject.path)' is a part of the toolchain, which is let alone,"
          + " and it started no program with a Swift runtime",
        "name the program itself")
      : .cannotRun(
        "nothing was \(what): no program with a Swift runtime ran",
        "name a Swift program, or a script that starts one")
  }

  static func toolFailed(_ what: String, _ remedy: String) -> ToolError {
    ToolError(what: what, remedy: remedy, code: .toolFailed)
  }
}
