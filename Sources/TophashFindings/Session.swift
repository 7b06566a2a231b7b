import CTophashProtocol

/// A directory of event files: every process that ran under the probe.
package struct Session: Sendable {
  /// A file that could not be read as an event file.
  package struct Unreadable: Sendable {
    package var name: String
    package var error: EventFileError
  }

  /// Oldest first.
  package var processes: [EventFile]
  package var unreadable: [Unreadable]

  package init(processes: [EventFile], unreadable: [Unreadable] = []) {
    self.processes = processes.sorted { $0.header.start < $1.header.start }
    self.unreadable = unreadable
  }

  /// Parses named files; one that cannot be parsed is noted and does not disturb the others.
  package init(files: [(name: String, bytes: [UInt8])]) {
    var processes: [EventFile] = []
    var unreadable: [Unreadable] = []
    for (name, bytes) in files {
      do throws(EventFileError) {
        processes.append(try EventFile(bytes: bytes))
      } catch {
        unreadable.append(Unreadable(name: name, error: error))
      }
    }
    self.init(processes: processes, unreadable: unreadable)
  }

  /// The processes with a Swift runtime that the probe watched, or had to refuse.
  package var swiftProcesses: [EventFile] {
    processes.filter { $0.header.isSwift }
  }

  /// Those that are the user's: compilers and package managers are Swift programs too.
  package var subjects: [EventFile] {
    swiftProcesses.filter { !$0.header.isToolchain }
  }
}

extension EventHeader {
  /// True when a Swift runtime was found in the process.
  package var isSwift: Bool {
    switch state {
    case .watching, .refused: true
    case .starting, .waiting: false
    }
  }

  /// True for the toolchain's own programs, which `swift test` and `swift run` start on their
  /// way to the user's: nothing is reported about them.
  package var isToolchain: Bool {
    tophash_is_toolchain(program)
  }
}
