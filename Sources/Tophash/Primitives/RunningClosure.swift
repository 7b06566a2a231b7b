import CTophashThread

/// Knows the dictionaries that run a closure on this thread, while they hold a lock.
///
/// Changing such a dictionary from the closure would wait for that lock for ever: now and then,
/// when both keys share it. It is stopped every time instead.
@usableFromInline
internal enum RunningClosure {
  @inlinable @inline(__always)
  internal static var isAny: Bool { tophash_closure_current() != nil }

  @usableFromInline @inline(never)
  internal static func check(_ dictionary: AnyObject) {
    let address = UnsafeRawPointer(Unmanaged.passUnretained(dictionary).toOpaque())
    var closure = tophash_closure_current()
    while let current = closure {
      precondition(
        current.pointee.dictionary != address,
        "a dictionary was changed from within a closure that it runs: change it afterwards")
      closure = current.pointee.outer
    }
  }

  @inlinable @inline(__always)
  internal static func run<R>(
    for dictionary: AnyObject, _ body: () throws -> R
  ) rethrows -> R {
    var closure = tophash_closure()
    return try withUnsafeMutablePointer(to: &closure) { closure in
      tophash_closure_enter(closure, Unmanaged.passUnretained(dictionary).toOpaque())
      defer { tophash_closure_leave(closure) }
      return try body()
    }
  }
}
