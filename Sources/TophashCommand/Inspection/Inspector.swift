import Glibc
import TophashSymbols

/// Looks at a program before it runs, for what the probe cannot work with.
///
/// Scripts and programs without Swift code pass: they may start Swift programs.
struct Inspector {
  /// True to run also what seems to have nothing to check.
  var isForced: Bool
  var console: Console

  /// - Throws: 126 with what to do about it.
  /// - Complexity: reads the symbols of the program, and of its own libraries where the program
  ///   calls no exclusivity check itself.
  func check(_ path: String) throws(ToolError) {
    guard let image = try loadable(path), !isForced else { return }
    try checkLinking(image)
    if image.hasSwiftCode { try checkExclusivity(image) }
  }

  /// Asks no more than whether the probe can be loaded into a Swift program. One without Swift
  /// code passes: it may start others.
  ///
  /// - Throws: 126 with what to do about it.
  func checkLoading(_ path: String) throws(ToolError) {
    if let image = try loadable(path), image.hasSwiftCode { try checkLinking(image) }
  }

  /// - Returns: `nil` for what is no binary.
  private func loadable(_ path: String) throws(ToolError) -> ElfImage? {
    try checkPrivileges(path)
    let image: ElfImage
    do throws(ElfError) {
      image = try ElfImage(path: path)
    } catch {
      guard case .unsupported(let what) = error.reason else { return nil }
      throw .cannotRun(
        "'\(path)' is \(what)", "name a program for this machine, \(Self.machineName)")
    }
    guard image.machine == Self.machine else {
      throw .cannotRun(
        "'\(path)' is built for another processor", "build it for this machine, \(Self.machineName)"
      )
    }
    try checkSanitizers(image)
    return image
  }

  /// The dynamic linker ignores what is preloaded into a program that gains privileges.
  private func checkPrivileges(_ path: String) throws(ToolError) {
    var status = stat()
    guard stat(path, &status) == 0 else { return }
    guard status.st_mode & (S_ISUID | S_ISGID) != 0 else { return }
    throw .cannotRun(
      "'\(path)' runs with other privileges than yours, and the system keeps the probe out of it",
      "check a copy without its setuid and setgid bits")
  }

  private func checkSanitizers(_ image: ElfImage) throws(ToolError) {
    for (symbol, name, option) in [
      ("__tsan_init", "ThreadSanitizer", "thread"), ("__asan_init", "AddressSanitizer", "address"),
    ] where image.defines(symbol) || image.imports(symbol) {
      throw .cannotRun(
        "'\(image.path)' is built with \(name), which cannot share a process with the probe",
        "build it without '--sanitize=\(option)'")
    }
  }

  private func checkLinking(_ image: ElfImage) throws(ToolError) {
    if image.isStaticallyLinked {
      throw .cannotRun(
        "'\(image.path)' is fully static, so nothing can be loaded into it",
        image.hasSwiftCode
          ? "link it dynamically, or with '-static-stdlib' in place of a static SDK"
          : "name a dynamically linked program, or use --force if it only starts one")
    }
  }

  private func checkExclusivity(_ image: ElfImage) throws(ToolError) {
    let check = "swift_beginAccess"
    let program = LinkedProgram(image)
    guard program.usesSharedRuntime else {
      if program.images.contains(where: { $0.defines(check) }) || program.hasUnknownLibraries {
        return
      }
      throw .cannotRun(
        "'\(image.path)' holds its own copy of the Swift runtime, and no symbols to find it by",
        "leave it unstripped, or link it without '-static-stdlib'")
    }
    if program.hasUnknownLibraries || program.images.contains(where: { $0.imports(check) }) {
      return
    }
    // The question before a collection changes its storage needs no checks.
    if program.images.contains(where: { $0.imports("swift_isUniquelyReferenced_nonNull_native") }) {
      console.say(
        "'\(image.path)' has no exclusivity checks:"
          + " only changes of collections in place can be seen")
      return
    }
    for image in program.images {
      guard let variable = DeclaredVariables(image).changeable(in: image) else { continue }
      throw .cannotRun(
        "'\(image.path)' was built without exclusivity checks: nothing announces a change of"
          + " '\(variable.name)'",
        "build it without '-enforce-exclusivity=unchecked', or use --force if it loads code later")
    }
    // As when all that is shared lies behind a Mutex: the compiler watches over it.
    console.say(
      "'\(image.path)' has no variable of its own that two tasks could reach unguarded,"
        + " as far as its code tells: only code that it loads later can be seen")
  }

  #if arch(x86_64)
  static let machine = ElfImage.Machine.x86_64
  static let machineName = "x86-64"
  #else
  static let machine = ElfImage.Machine.arm64
  static let machineName = "arm64"
  #endif
}
