import Glibc
import TophashSymbols

extension ToolError {
  /// Why the system would not start `path`, in words that name the file that is at fault.
  static func cannotStart(_ path: String, _ error: Int32) -> ToolError {
    switch error {
    case ENOEXEC:
      if SmallFile.bytes(at: path, limit: 1)?.isEmpty == true {
        return .cannotRun("'\(path)' is an empty file", "build the program again")
      }
      return .cannotRun(
        "'\(path)' is not a program that this machine can run",
        "name a program for this machine, \(Inspector.machineName)")
    case ENOENT:
      // The file itself is there: this was checked.
      if let interpreter = scriptInterpreter(of: path) {
        return .cannotRun(
          "'\(path)' is a script for '\(interpreter)', which is not there",
          "correct the script's first line, or install what it names")
      }
      if let loader = (try? ElfImage(path: path))?.interpreter {
        return .cannotRun(
          "'\(path)' is loaded by '\(loader)', which is not there", "build it for this system")
      }
    default: break
    }
    return .cannotRun(
      "'\(path)' cannot be started: \(reason(error))",
      "run it without tophash to see whether it starts at all")
  }

  /// What stands behind `#!`, without arguments.
  private static func scriptInterpreter(of path: String) -> String? {
    guard let start = SmallFile.bytes(at: path, limit: 256), start.starts(with: Array("#!".utf8))
    else { return nil }
    let line = start.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }
    return String(decoding: line, as: UTF8.self).split { " \t\r".contains($0) }.first.map(
      String.init)
  }
}
