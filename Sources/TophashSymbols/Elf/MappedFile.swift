import Foundation

/// A file's content in memory, read page by page when touched. Foundation's mapped `Data` copies
/// the file on Linux, which takes a quarter of a second for 200 MB.
///
/// Sendable is unchecked because of the pointer: the memory is read-only, private to this object
/// and lives as long as it does.
final class MappedFile: @unchecked Sendable {
  let memory: UnsafeRawBufferPointer

  /// Maps the file at `path`, which must be a regular file and not be truncated later.
  ///
  /// - Throws: `POSIXError`.
  init(path: String) throws {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw Self.lastError }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw Self.lastError }
    guard status.st_mode & S_IFMT == S_IFREG else { throw POSIXError(.EINVAL) }
    guard status.st_size > 0 else {
      memory = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    let size = Int(status.st_size)
    guard let start = mmap(nil, size, PROT_READ, MAP_PRIVATE, file, 0), start != MAP_FAILED else {
      throw Self.lastError
    }
    memory = UnsafeRawBufferPointer(start: start, count: size)
  }

  /// Takes a copy of `bytes`.
  init(copying bytes: [UInt8]) {
    guard !bytes.isEmpty,
      let start = mmap(
        nil, bytes.count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      start != MAP_FAILED
    else {
      memory = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    bytes.withUnsafeBytes { start.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
    memory = UnsafeRawBufferPointer(start: start, count: bytes.count)
  }

  deinit {
    if let start = memory.baseAddress {
      munmap(UnsafeMutableRawPointer(mutating: start), memory.count)
    }
  }

  private static var lastError: POSIXError { POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
}
