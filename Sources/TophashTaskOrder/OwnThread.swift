import Dispatch

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Gives each job a thread of its own.
///
/// A search blocks the thread that it runs on, which none of the runtime's own threads must be:
/// there are few of them, and what the search waits for may need one.
package final class OwnThread: TaskExecutor {
  package init() {}

  package func enqueue(_ job: consuming ExecutorJob) {
    let errand = Errand(job: UnownedJob(job), executor: self)
    let context = Unmanaged.passRetained(errand).toOpaque()
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    // As much as a main thread has: bodies run on it.
    pthread_attr_setstacksize(&attributes, 8 << 20)
    #if canImport(Darwin)
    var thread: pthread_t?
    let failure = pthread_create(&thread, &attributes, { Errand.run($0) }, context)
    #else
    var thread = pthread_t()
    let failure = pthread_create(&thread, &attributes, { Errand.run($0!) }, context)
    #endif
    precondition(failure == 0, "no thread could be made")
  }

  private final class Errand: Sendable {
    let job: UnownedJob
    let executor: OwnThread

    init(job: UnownedJob, executor: OwnThread) {
      self.job = job
      self.executor = executor
    }

    static func run(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
      let errand = Unmanaged<Errand>.fromOpaque(context).takeRetainedValue()
      errand.job.runSynchronously(on: errand.executor.asUnownedTaskExecutor())
      return nil
    }
  }
}
