import Glibc

/// A thread with a name.
final class Thread {
  private let thread: pthread_t

  init(_ name: String, _ body: @escaping () -> Void) {
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { context in
        Unmanaged<Work>.fromOpaque(context!).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(Work(name, body)).toOpaque())
    self.thread = thread
  }

  func join() { pthread_join(thread, nil) }

  private final class Work {
    let name: String
    let body: () -> Void

    init(_ name: String, _ body: @escaping () -> Void) { (self.name, self.body) = (name, body) }

    func run() {
      _ = setThreadName(pthread_self(), name)
      body()
    }
  }
}

final class Semaphore {
  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
  init() { sem_init(semaphore, 0, 0) }
  func post() { sem_post(semaphore) }
  func wait() { while sem_wait(semaphore) != 0 {} }
}

// The C library's, which its module for Swift leaves out.
@_silgen_name("pthread_setname_np")
func setThreadName(_ thread: pthread_t, _ name: UnsafePointer<CChar>) -> Int32
