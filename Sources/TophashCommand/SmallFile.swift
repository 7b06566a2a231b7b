import Glibc

/// Questions about files that need no more than a few system calls.
enum SmallFile {
  /// The first `limit` bytes of a file; `nil` when it cannot be read.
  static func bytes(at path: String, limit: Int = 1 << 20) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while bytes.count < limit {
      let got = read(descriptor, &chunk, min(chunk.count, limit - bytes.count))
      if got <= 0 { break }
      bytes += chunk.prefix(got)
    }
    return bytes
  }

  /// A small text file; `nil` when it cannot be read.
  static func text(at path: String) -> String? {
    bytes(at: path).map { String(decoding: $0, as: UTF8.self) }
  }

  /// When a file was last written, in nanoseconds; `nil` when it is not there.
  static func modificationTime(of path: String) -> Int? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
  }

  /// The latest time at which a regular file below `directory` was written.
  static func newestModification(under directory: String) -> Int? {
    guard let handle = opendir(directory) else { return nil }
    defer { closedir(handle) }
    var newest: Int?
    while let entry = readdir(handle) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasPrefix(".") { continue }
      let path = "\(directory)/\(name)"
      let isDirectory = entry.pointee.d_type == UInt8(DT_DIR)
      let time = isDirectory ? newestModification(under: path) : modificationTime(of: path)
      if let time { newest = max(newest ?? time, time) }
    }
    return newest
  }

  /// The file that `path` leads to, through symbolic links; `nil` when there is none.
  static func resolved(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
