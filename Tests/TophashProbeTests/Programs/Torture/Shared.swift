import Glibc

/// What the scenarios fight over. Accesses to properties of a class are tracked.
final class Shared: @unchecked Sendable {
  var map: [Int: Int] = [:]
  var number = 0
  init() {}
}

/// Keeps a modification of `map` open while `body` runs. `body` must not touch it.
@inline(never)
func whileOpen(_ map: inout [Int: Int], _ body: () -> Void) { body() }

/// Two modifications of one dictionary that surely overlap, and do no harm: one thread holds
/// its access open, without using it, until the other has made its own.
func collide(_ shared: Shared) { hold(shared, andTouch: shared) }

/// The same, on two objects: with different ones nothing collides.
func hold(_ shared: Shared, andTouch other: Shared) {
  let opened = Semaphore()
  let finished = Semaphore()
  let holder = Worker {
    whileOpen(&shared.map) {
      opened.post()
      finished.wait()
    }
  }
  opened.wait()
  other.map[1] = 1
  finished.post()
  holder.join()
}

/// A lock with an address of its own.
final class Lock: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  init() { pthread_mutex_init(mutex, nil) }

  func guarding<Result>(_ body: () -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }
}

final class Semaphore: @unchecked Sendable {
  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
  init(_ value: UInt32 = 0) { sem_init(semaphore, 0, value) }
  func post() { sem_post(semaphore) }
  func wait() { while sem_wait(semaphore) != 0 {} }
}

/// A thread.
final class Worker {
  let thread: pthread_t

  init(_ body: @escaping @Sendable () -> Void) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, 256 << 10)
    var thread = pthread_t()
    let context = Unmanaged.passRetained(Body(run: body)).toOpaque()
    let status = pthread_create(
      &thread, &attributes,
      { context in
        Unmanaged<Body>.fromOpaque(context!).takeRetainedValue().run()
        return nil
      }, context)
    precondition(status == 0, "no thread: \(status)")
    self.thread = thread
  }

  func join() { pthread_join(thread, nil) }

  private final class Body {
    let run: @Sendable () -> Void
    init(run: @escaping @Sendable () -> Void) { self.run = run }
  }
}

/// Says something, and makes sure that it is not said again by a forked child.
func say(_ words: String) {
  print(words)
  fflush(stdout)
}

/// Ends this process as if it had returned from `main`.
func finish(_ status: Int32) -> Never { exit(status) }

/// Waits for a child, and tells how it ended.
func howEnded(_ child: pid_t) -> String {
  var status: Int32 = 0
  while waitpid(child, &status, 0) != child {}
  return status & 0x7f == 0 ? "exited \(status >> 8 & 0xff)" : "signal \(status & 0x7f)"
}
