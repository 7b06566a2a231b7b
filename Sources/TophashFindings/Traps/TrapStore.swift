import Foundation

/// A trap file on disk, which several runs may use at once.
package struct TrapStore {
  package var path: String

  package init(path: String) {
    self.path = path
  }

  /// Why the file could not be used as it should; runs go on without.
  package enum Problem: Error, Hashable {
    /// It was damaged, or is something else, and counts as empty.
    case damaged
    /// A device, a pipe or a folder, which must not be waited for, and not be replaced.
    case notAFile
    case otherVersion(String)
    /// The error number of the system.
    case notWritten(Int32)
  }

  private var folder: String { path.parentDirectory }

  /// Where a file is put aside that could not be read: it may be the user's only copy of
  /// something that has nothing to do with traps.
  package var damagedPath: String { path + ".damaged" }

  /// The traps; none when there is no file.
  package func read() throws(Problem) -> TrapFile {
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG { throw .notAFile }
    guard let data = FileManager.default.contents(atPath: path) else { return TrapFile() }
    do throws(TrapFile.Failure) {
      return try TrapFile(text: String(decoding: data, as: UTF8.self))
    } catch {
      switch error {
      case .damaged: throw .damaged
      case .otherVersion(let version): throw .otherVersion(version)
      }
    }
  }

  /// Changes the file. Others who do so at the same time wait, and add to what is there: no
  /// writer's lessons are lost. Whoever reads sees the file before or after, never in between.
  ///
  /// - Throws: `otherVersion` and `notAFile` without a change; `notWritten`.
  package func update(_ change: (inout TrapFile) -> Void) throws(Problem) {
    try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    // The folder itself is locked, so that no lock file is left to be committed.
    let lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard lock >= 0 else { throw .notWritten(errno) }
    defer { close(lock) }
    while flock(lock, LOCK_EX) != 0 {
      guard errno == EINTR else { throw .notWritten(errno) }
    }
    var file = TrapFile()
    do throws(Problem) {
      file = try read()
    } catch .damaged {
      // It is replaced; `read` has told whoever wanted to know.
      guard rename(path, damagedPath) == 0 else { throw .notWritten(errno) }
    } catch {
      throw error
    }
    let before = file
    change(&file)
    if file != before || FileManager.default.contents(atPath: path) == nil { try write(file.text) }
  }

  private func write(_ text: String) throws(Problem) {
    do throws(FileWriter.Failure) {
      try FileWriter.replace(path, with: text)
    } catch {
      throw .notWritten(error.code)
    }
  }
}
