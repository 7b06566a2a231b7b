#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Finds functions of the probe, which is in this process while `tophash` runs it.
internal enum ProbeFunction {
  /// The function of that name; `nil` without the probe.
  ///
  /// - Parameter type: what the probe declares it as.
  internal static func named<Function>(_ name: String, as type: Function.Type) -> Function? {
    #if os(Linux)
    // A null handle stands for all that is loaded.
    dlsym(nil, name).map { unsafeBitCast($0, to: type) }
    #else
    // The probe is for Linux alone.
    nil
    #endif
  }
}
