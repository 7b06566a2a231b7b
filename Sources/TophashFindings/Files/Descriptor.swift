import Glibc

/// Open files of the system.
package enum Descriptor {
  /// Writes all of `bytes`; returns the system's number for what went wrong, `nil` when nothing.
  package static func write(_ bytes: some Collection<UInt8>, to descriptor: Int32) -> Int32? {
    let failure = bytes.withContiguousStorageIfAvailable {
      write(UnsafeRawBufferPointer($0), to: descriptor)
    }
    return failure ?? Array(bytes).withUnsafeBytes { write($0, to: descriptor) }
  }

  private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Int32? {
    var done = 0
    while done < bytes.count {
      let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
      if count < 0 && errno == EINTR { continue }
      if count < 0 && errno == EAGAIN {
        // A terminal or pipe that another program set non-blocking: wait until it takes more.
        var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&wait, 1, -1)
        continue
      }
      if count < 0 { return errno }
      if count == 0 { return EIO }
      done += count
    }
    return nil
  }
}
