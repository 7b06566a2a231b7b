/// Why a file could not be read as the probe's event file.
package enum EventFileError: Error, Equatable {
  /// The file ends before something that its header promises.
  case truncated(needed: Int, found: Int)
  /// The file does not begin with the probe's magic number.
  case notAnEventFile
  /// The probe created the file but has not completed its header: the process ended, or was
  /// killed, while it started.
  case incomplete
  /// Written by a probe of another protocol version.
  case otherVersion(UInt32)
}

extension EventFileError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .truncated(let needed, let found):
      "the event file ends at byte \(found), but needs \(needed)"
    case .notAnEventFile: "not an event file"
    case .incomplete: "the process ended before the probe had started"
    case .otherVersion(let version):
      "written by a probe of another version (protocol \(version))"
    }
  }
}
