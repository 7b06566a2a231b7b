import Glibc

func collideWithoutDescriptors() {
  var none = rlimit(rlim_cur: 0, rlim_max: 0)
  setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &none)
  collide(Shared())
  say("met")
}

func collideWithoutReadingMemory() {
  precondition(deny_reading_memory(0) == 0)
  collide(Shared())
  say("met")
}

/// Every thread with accesses of its own; more threads than the probe has lines for.
func collideAmongManyThreads() {
  let ready = Semaphore()
  let finished = Semaphore()
  let workers = (0..<700).map { number in
    Worker {
      let own = Shared()
      whileOpen(&own.map) {
        ready.post()
        finished.wait()
      }
    }
  }
  for _ in workers { ready.wait() }
  collide(Shared())
  for _ in workers { finished.post() }
  for worker in workers { worker.join() }
  say("met")
}
