// Sleeping goes by an interface of executors that is not settled yet: where it is another one,
// tasks sleep in real time, which counts as waiting for the outside.
#if compiler(>=6.3) && compiler(<6.4)
@_spi(ExperimentalScheduling) import _Concurrency

extension TaskOrderExecutor: SchedulingExecutor {
  func enqueue<C: Clock>(
    _ job: consuming ExecutorJob, after delay: C.Duration, tolerance: C.Duration?, clock: C
  ) {
    // Of clocks whose time is not counted in seconds nobody here knows anything.
    accept(Delivery(job: UnownedJob(job), delay: delay as? Duration ?? .zero))
  }

  func enqueue<C: Clock>(
    _ job: consuming ExecutorJob, at instant: C.Instant, tolerance: C.Duration?, clock: C
  ) {
    let delay = clock.now.duration(to: instant)
    accept(Delivery(job: UnownedJob(job), delay: delay as? Duration ?? .zero))
  }
}
#endif
