import Glibc

/// What every workload shares: how long it runs, and how it ends.
package enum Workload {
  /// The program's only argument: the size of the run, where 1 is the default size.
  package static let scale: Double = {
    guard CommandLine.arguments.count > 1 else { return 1 }
    guard let scale = Double(CommandLine.arguments[1]), scale > 0, scale <= 1000 else {
      fail("the scale must be a number above 0 and at most 1000")
    }
    return scale
  }()

  /// Returns `count` times the scale, and at least one.
  package static func scaled(_ count: Int) -> Int {
    max(1, Int(Double(count) * scale))
  }

  /// Writes a line of output at once, also into a pipe.
  package static func announce(_ line: String) {
    print(line)
    fflush(nil)
  }

  /// Writes the run's result, and this process's peak memory, as the last line of output.
  ///
  /// The result shows that the work was done, and done alike in every build. The memory is told
  /// from inside since `wait4` counts what the process was before `exec`: a copy of the launcher.
  package static func finish(result: Int) {
    print("result=\(result) peak_kib=\(peakMemory())")
  }

  /// Ends the program with a message on standard error.
  package static func fail(_ message: String) -> Never {
    _ = "\(CommandLine.arguments[0]): \(message)\n".withCString { write(2, $0, strlen($0)) }
    exit(64)
  }

  /// The largest resident size that this process ever had, in KiB.
  private static func peakMemory() -> Int {
    guard let status = fopen("/proc/self/status", "r") else { return 0 }
    defer { fclose(status) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), status) != nil {
      if strncmp(line, "VmHWM:", 6) == 0 {
        return line.withUnsafeBufferPointer { strtol($0.baseAddress! + 6, nil, 10) }
      }
    }
    return 0
  }
}
