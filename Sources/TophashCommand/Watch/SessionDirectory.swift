import Glibc
import TophashFindings

/// The directory in which the checked processes leave their event files.
struct SessionDirectory {
  let path: String

  /// Creates one under `TMPDIR` that only its owner can enter.
  ///
  /// - Throws: 70 when that is not possible.
  static func create(under parent: String) throws(ToolError) -> SessionDirectory {
    var template = Array("\(parent)/tophash.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw .toolFailed(
        "no directory for the probe's files can be made in '\(parent)': \(reason(errno))",
        "set TMPDIR to a directory that can be written")
    }
    let directory = SessionDirectory(
      path: template.withUnsafeBufferPointer { buffer in
        String(decoding: buffer.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
      })
    if let error = directory.lackOfRoom {
      directory.remove()
      guard error != EFBIG else {
        throw .toolFailed(
          "the probe's files may not be as large as they have to: \(reason(error))",
          "allow files of \(roomForOneProcess >> 20) MiB, as with 'ulimit -f unlimited'")
      }
      throw .toolFailed(
        "'\(parent)' has no room for the probe's files: \(reason(error))",
        "make room there, or set TMPDIR to a directory with \(roomForOneProcess >> 20) MiB for each"
          + " process")
    }
    return directory
  }

  /// What the files of one process take.
  private static let roomForOneProcess = 4 << 20

  /// Why no process could be checked; takes the room for a moment, as the probe does.
  private var lackOfRoom: Int32? {
    // Growing a file beyond this limit is a signal that ends the process.
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0,
      limit.rlim_cur < Self.roomForOneProcess
    {
      return EFBIG
    }
    let file = "\(path)/room"
    let descriptor = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return errno }
    defer {
      close(descriptor)
      unlink(file)
    }
    let error = posix_fallocate(descriptor, 0, off_t(Self.roomForOneProcess))
    // A file system that cannot take room in advance is the probe's business.
    return error == ENOSPC || error == EDQUOT ? error : nil
  }

  /// The names of the event files, in no order.
  var files: [String] {
    names.filter { $0.hasSuffix(".tophash") }
  }

  /// The first `count` bytes of an event file, or all of it; empty when it cannot be read.
  func bytes(of file: String, first count: Int? = nil) -> [UInt8] {
    let descriptor = open("\(path)/\(file)", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return [] }
    let size = min(count ?? .max, Int(status.st_size), Self.largestFile)
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, filled in
      while filled < size {
        let got = pread(descriptor, buffer.baseAddress! + filled, size - filled, filled)
        if got <= 0 { break }
        filled += got
      }
    }
  }

  /// Tells the probe what to do with a conflict in which it waits.
  func write(verdict: UInt32, at offset: Int, of file: String) {
    let descriptor = open("\(path)/\(file)", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    withUnsafeBytes(of: verdict) { _ = pwrite(descriptor, $0.baseAddress, $0.count, offset) }
  }

  /// Leaves a file for the probe.
  func write(_ text: String, to file: String) {
    let descriptor = open("\(path)/\(file)", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    TophashCommand.write(text, to: descriptor)
  }

  /// Everything recorded so far.
  func read() -> Session {
    Session(files: files.map { ($0, bytes(of: $0)) })
  }

  /// Removes the directory. Processes that still run keep their files until they end.
  func remove() {
    for name in names { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  /// The name of another file of the process that wrote the event file `file`.
  static func companion(_ file: String, _ type: String) -> String {
    file.dropLast("tophash".count) + type
  }

  private var names: [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// Far above what the probe writes; a stray file does not fill the memory.
  private static let largestFile = 64 << 20
}

/// The system's words for an error number.
func reason(_ error: Int32) -> String { String(cString: strerror(error)) }
