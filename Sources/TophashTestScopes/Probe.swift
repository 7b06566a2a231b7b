import CTophashTesting

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The probe's functions for test code, looked up by name: nothing is linked.
struct Probe: Sendable {
  private let enterScope: @convention(c) @Sendable (UnsafePointer<CChar>) -> UInt32
  private let leaveScope: @convention(c) @Sendable (UInt32) -> Void
  private let listConflicts:
    @convention(c) @Sendable (UInt32, UnsafeMutablePointer<UInt32>?, UInt32) -> UInt32
  private let expectConflicts: @convention(c) @Sendable (UInt32) -> UInt32

  /// The probe in this process; `nil` when it is not here, or does not tell tests apart.
  static let shared = Probe()

  private init?() {
    guard let version: @convention(c) () -> UInt32 = preloaded("tophash_testing_version"),
      version() >= UInt32(TOPHASH_TESTING_VERSION),
      let enter: @convention(c) @Sendable (UnsafePointer<CChar>) -> UInt32 =
        preloaded("tophash_testing_enter"),
      let leave: @convention(c) @Sendable (UInt32) -> Void =
        preloaded("tophash_testing_leave"),
      let list: @convention(c) @Sendable (UInt32, UnsafeMutablePointer<UInt32>?, UInt32) -> UInt32 =
        preloaded("tophash_testing_conflicts"),
      let expect: @convention(c) @Sendable (UInt32) -> UInt32 =
        preloaded("tophash_testing_expect")
    else { return nil }
    (enterScope, leaveScope, listConflicts, expectConflicts) = (enter, leave, list, expect)
  }

  /// Whether the probe is in this process, if only with a hook that cannot tell tests apart.
  static var isLoaded: Bool {
    let version: (@convention(c) () -> UInt32)? = preloaded("tophash_testing_version")
    return version != nil
  }

  /// `nil` when there are too many scopes.
  func enter(_ name: String) -> UInt32? {
    let scope = enterScope(name)
    return scope == 0 ? nil : scope
  }

  func leave(_ scope: UInt32) { leaveScope(scope) }

  /// The conflicts of `scope` that are not expected, by number.
  func conflicts(in scope: UInt32) -> [UInt32] {
    let count = listConflicts(scope, nil, 0)
    guard count > 0 else { return [] }
    return [UInt32](unsafeUninitializedCapacity: Int(count)) { buffer, filled in
      // There may be more by now.
      filled = Int(min(count, listConflicts(scope, buffer.baseAddress, count)))
    }
  }

  func expect(in scope: UInt32) { _ = expectConflicts(scope) }
}

/// A function that whoever was loaded first has under that name.
func preloaded<Function>(_ name: String) -> Function? {
  guard let program = dlopen(nil, RTLD_LAZY), let function = dlsym(program, name) else {
    return nil
  }
  return unsafeBitCast(function, to: Function.self)
}
