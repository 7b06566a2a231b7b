import Glibc

/// Writes a file so that nothing is lost: what was there stays until the new text is complete.
///
/// The text goes to a temporary file in the same folder, which then takes the name in one step.
/// Whoever reads meanwhile sees the old text or the new one; a full disk, or the end of this
/// process, leaves the old one. Devices and pipes, which cannot be replaced, are written as they
/// are. So is a file in a folder that takes no other.
package final class FileWriter: TextOutputStream {
  /// The system's number for what went wrong.
  package struct Failure: Error, Hashable {
    package var code: Int32

    package var reason: String { String(cString: strerror(code)) }
  }

  private var descriptor: Int32
  private let target: Target
  private var buffer: [UInt8] = []
  private var error: Int32 = 0

  /// Where the text goes when it is complete.
  private enum Target {
    /// It is there already.
    case inPlace(closes: Bool)
    case replacing(path: String, temporary: String)
  }

  /// Writes to an open descriptor, which stays open.
  package init(descriptor: Int32) {
    self.descriptor = descriptor
    target = .inPlace(closes: false)
  }

  /// Adds to the file at `path`, which may belong to somebody else.
  package init(appendingTo path: String) throws(Failure) {
    descriptor = try Self.open(path, O_WRONLY | O_APPEND | O_CREAT)
    target = .inPlace(closes: true)
  }

  /// Begins a new text for the file at `path`, which need not be there.
  ///
  /// - Throws: when the file cannot be written; it is unchanged.
  package init(replacing path: String) throws(Failure) {
    let destination = try Destination(path)
    guard destination.isReplaceable else {
      descriptor = try Self.open(path, O_WRONLY | O_TRUNC | O_CREAT)
      target = .inPlace(closes: true)
      return
    }
    do throws(Failure) {
      let temporary = destination.makeTemporaryName()
      descriptor = try Self.open(temporary, O_WRONLY | O_CREAT | O_EXCL)
      target = .replacing(path: destination.path, temporary: temporary)
      if let mode = destination.mode { fchmod(descriptor, mode) }
    } catch {
      guard destination.mode != nil, error.isOfFolder else { throw error }
      descriptor = try Self.open(path, O_WRONLY | O_TRUNC)
      target = .inPlace(closes: true)
    }
  }

  deinit {
    guard descriptor >= 0 else { return }
    switch target {
    case .inPlace(let closes): if closes { close(descriptor) }
    case .replacing(_, let temporary):
      close(descriptor)
      unlink(temporary)
    }
  }

  /// Adds text. What goes wrong is told by `finish`.
  package func write(_ text: String) {
    buffer.append(contentsOf: text.utf8)
    if buffer.count >= 1 << 16 { flush() }
  }

  /// Adds bytes, which are written at once.
  package func write(_ bytes: [UInt8]) {
    flush()
    if error == 0, let failure = Descriptor.write(bytes, to: descriptor) { error = failure }
  }

  /// Completes the file.
  ///
  /// - Throws: when not all could be written; a file that was there is unchanged, unless it could
  ///   not be replaced.
  package func finish() throws(Failure) {
    flush()
    let file = descriptor
    descriptor = -1
    switch target {
    case .inPlace(let closes):
      if closes, close(file) != 0, error == 0 { error = errno }
    case .replacing(let path, let temporary):
      if error == 0, fsync(file) != 0 { error = errno }
      if close(file) != 0, error == 0 { error = errno }
      if error == 0, rename(temporary, path) != 0 { error = errno }
      if error != 0 { unlink(temporary) }
    }
    if error != 0 { throw Failure(code: error) }
  }

  private func flush() {
    if error == 0, let failure = Descriptor.write(buffer, to: descriptor) { error = failure }
    buffer.removeAll(keepingCapacity: true)
  }

  /// Replaces the text of a file at once.
  package static func replace(_ path: String, with text: String) throws(Failure) {
    let writer = try FileWriter(replacing: path)
    writer.write(text)
    try writer.finish()
  }

  /// Finds out, without changing anything, whether the file at `path` could be written now.
  package static func check(_ path: String) throws(Failure) {
    let destination = try Destination(path)
    guard destination.isReplaceable else { return }
    do throws(Failure) {
      let temporary = destination.makeTemporaryName()
      close(try open(temporary, O_WRONLY | O_CREAT | O_EXCL))
      unlink(temporary)
    } catch {
      guard destination.mode != nil, error.isOfFolder else { throw error }
    }
  }

  private static func open(_ path: String, _ flags: Int32) throws(Failure) -> Int32 {
    let descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw Failure(code: errno) }
    return descriptor
  }
}

extension FileWriter.Failure {
  /// Whether it is the folder that takes no other file; the file itself may still be written.
  fileprivate var isOfFolder: Bool { [EACCES, EPERM, EROFS].contains(code) }
}

/// The file that a path leads to.
private struct Destination {
  /// Through symbolic links, which stay.
  var path: String
  /// Of the file that is there.
  var mode: mode_t?
  /// True for a regular file, and where there is none yet.
  var isReplaceable: Bool

  init(_ path: String) throws(FileWriter.Failure) {
    guard !path.isEmpty else { throw FileWriter.Failure(code: ENOENT) }
    var status = stat()
    guard stat(path, &status) == 0 else {
      guard errno == ENOENT else { throw FileWriter.Failure(code: errno) }
      // A link that leads nowhere yet is followed by the system.
      self.path = path
      isReplaceable = lstat(path, &status) != 0
      return
    }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw FileWriter.Failure(code: EISDIR) }
    guard access(path, W_OK) == 0, let real = realpath(path, nil) else {
      throw FileWriter.Failure(code: errno)
    }
    defer { free(real) }
    self.path = String(cString: real)
    isReplaceable = status.st_mode & S_IFMT == S_IFREG
    mode = isReplaceable ? status.st_mode & 0o7777 : nil
  }

  /// A new name beside it that nobody uses.
  func makeTemporaryName() -> String {
    let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
    return "\(folder).tophash.\(getpid()).\(UInt32.random(in: 0 ... .max))"
  }
}
