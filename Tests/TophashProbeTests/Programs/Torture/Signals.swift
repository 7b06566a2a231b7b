import Glibc

private let touched = Shared()

/// A timer's handler makes accesses of its own at any instruction of the program's accesses.
func interruptAccesses() {
  var timer = sigset_t()
  sigemptyset(&timer)
  sigaddset(&timer, SIGALRM)
  pthread_sigmask(SIG_BLOCK, &timer, nil)  // inherited: only this thread is interrupted
  touched.number = 0

  let shared = Shared()
  let lock = Lock()
  let workers = (0..<2).map { _ in
    Worker { for step in 0..<20_000 { lock.guarding { shared.map[step % 7, default: 0] += 1 } } }
  }
  signal(SIGALRM) { _ in
    let saved = errno
    touched.number += 1
    errno = saved
  }
  send_alarms_every(50)
  pthread_sigmask(SIG_UNBLOCK, &timer, nil)

  let own = Shared()
  errno = 1234
  var wrong = 0
  var step = 0
  while own.number < 200_000 {
    own.number += 1
    own.map[step % 7, default: 0] += 1
    if errno != 1234 { wrong += 1 }
    errno = 1234
    step += 1
  }
  send_alarms_every(0)
  for worker in workers { worker.join() }
  say("counted \(shared.map.values.reduce(0, +)) \(own.number), errno changed \(wrong) times")
  precondition(touched.number > 0)
}

/// Every signal handler that runs while a collision is recorded has Swift code of its own.
func interruptCollisions() {
  signal(SIGALRM) { _ in
    let saved = errno
    touched.number += 1
    errno = saved
  }
  var timer = sigset_t()
  sigemptyset(&timer)
  sigaddset(&timer, SIGALRM)
  pthread_sigmask(SIG_BLOCK, &timer, nil)
  let opened = Semaphore()
  let finished = Semaphore()
  let shared = Shared()
  let holder = Worker {
    whileOpen(&shared.map) {
      opened.post()
      finished.wait()
    }
  }
  opened.wait()
  send_alarms_every(20)
  pthread_sigmask(SIG_UNBLOCK, &timer, nil)
  for step in 0..<200 { shared.map[step] = step }
  send_alarms_every(0)
  finished.post()
  holder.join()
  say("counted \(shared.map.count)")
}

/// Collides, and leaves while both accesses are open.
private func collideAnd(_ leave: () -> Void) {
  let shared = Shared()
  let opened = Semaphore()
  let never = Semaphore()
  _ = Worker {
    whileOpen(&shared.map) {
      opened.post()
      never.wait()
    }
  }
  opened.wait()
  say("about to leave")
  whileOpen(&shared.map, leave)
}

func collideAndFault() {
  collideAnd { UnsafeMutablePointer<Int>(bitPattern: 16 + Int(getpid() & 0))!.pointee = 1 }
}

func collideAndTrap() {
  collideAnd { precondition(getpid() == 0, "this is a trap") }
}

func collideAndKill() { collideAnd { kill(getpid(), SIGKILL) } }
func collideAndLeave() { collideAnd { _exit(7) } }
func collideAndAbort() { collideAnd { abort() } }
func collideAndExit() { collideAnd { exit(8) } }
