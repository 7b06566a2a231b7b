import Glibc

/// Where `tophash` speaks about itself: standard error, a line at a time.
struct Console {
  /// Says nothing but errors.
  var isQuiet = false

  /// A notice, `tophash: …`; dropped when quiet.
  func say(_ line: String) {
    if !isQuiet { write("tophash: \(line)\n", to: STDERR_FILENO) }
  }

  /// An error, `tophash: error: …`.
  func complain(_ line: String) {
    write("tophash: error: \(line)\n", to: STDERR_FILENO)
  }
}

/// Writes all of `text` to a descriptor; false when that failed.
@discardableResult
func write(_ text: String, to descriptor: Int32) -> Bool {
  var text = text
  return text.withUTF8 { bytes in
    var done = 0
    while done < bytes.count {
      let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
      if count < 0 && errno == EINTR { continue }
      if count < 0 && errno == EAGAIN {
        // The terminal or pipe was set non-blocking by the program: wait until it takes more.
        var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&wait, 1, -1)
        continue
      }
      if count <= 0 { return false }
      done += count
    }
    return true
  }
}
