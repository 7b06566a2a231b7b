import Glibc

/// Threads that keep making accesses, so that a fork happens amid them.
private final class Traffic: @unchecked Sendable {
  private let shared = Shared()
  private let lock = Lock()
  private var isOver = false
  private var workers: [Worker] = []

  init() {
    let warm = Semaphore()
    for _ in 0..<3 {
      workers.append(
        Worker { [self] in
          let own = Shared()
          var rounds = 0
          while !lock.guarding({ isOver }) {
            lock.guarding { shared.map[shared.map.count % 7, default: 0] += 1 }
            for step in 0..<50 { own.map[step, default: 0] += 1 }
            rounds += 1
            if rounds == 10 { warm.post() }
          }
        })
    }
    for _ in workers { warm.wait() }
  }

  func stop() {
    lock.guarding { isOver = true }
    for worker in workers { worker.join() }
  }
}

/// Forks inside an access while other threads make theirs. The child ends the access, goes on
/// with `body` and exits with status 3.
///
/// The runtime sets types up on first use, under locks that a fork would leave locked for ever;
/// `rehearsal` uses all that `body` does.
private func forkInsideAccess(rehearsal: (Shared) -> Void, _ body: (Shared) -> Void) {
  rehearsal(Shared())
  let traffic = Traffic()
  let shared = Shared()
  var child: pid_t = 0
  for _ in 0..<20 {
    whileOpen(&shared.map) { child = fork_process() }
    shared.map[2] = 2
    if child == 0 {
      body(shared)
      finish(3)
    }
    let end = howEnded(child)
    if end != "exited 3" { say("child \(end)") }
  }
  traffic.stop()
  say("forked")
}

func forkCorrectly() {
  func work(_ shared: Shared) {
    let lock = Lock()
    let workers = (0..<2).map { _ in
      Worker { for _ in 0..<100 { lock.guarding { shared.map[1, default: 0] += 1 } } }
    }
    for worker in workers { worker.join() }
    precondition(shared.map[1] == 200)
  }
  forkInsideAccess(rehearsal: work, work)
}

func forkAndCollide() {
  forkInsideAccess(rehearsal: { hold($0, andTouch: Shared()) }, collide)
}

/// The child's first access of all is one of a collision.
func forkAndCollideAtOnce() {
  let shared = Shared()
  shared.map[0] = 0
  let child = fork_process()
  if child == 0 {
    collide(shared)
    _exit(3)
  }
  say("child \(howEnded(child))")
}

func forkTwiceAsDaemon() {
  let shared = Shared()
  shared.map[0] = 0
  var ends: [Int32] = [0, 0]
  precondition(pipe(&ends) == 0)
  if fork_process() == 0 {
    setsid()
    if fork_process() != 0 { _exit(0) }
    chdir("/")
    for descriptor in 0..<64 where descriptor != ends[1] { close(Int32(descriptor)) }
    collide(shared)
    var byte: UInt8 = 42
    write(ends[1], &byte, 1)
    finish(0)
  }
  close(ends[1])
  var byte: UInt8 = 0
  while read(ends[0], &byte, 1) < 0 {}
  say("daemon says \(byte)")
}

private func withArguments(_ arguments: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Void)
{
  body(arguments.map { strdup($0) } + [nil])
}

func execute() {
  collide(Shared())
  say("before")
  withArguments(["torture", "collide"]) { execv("/proc/self/exe", $0) }
}

func spawn() {
  collide(Shared())
  var child: pid_t = 0
  withArguments(["torture", "collide"]) {
    precondition(posix_spawn(&child, "/proc/self/exe", nil, nil, $0, environ) == 0)
  }
  say("child \(howEnded(child))")
}

func changeRoot() {
  let shared = Shared()
  shared.map[0] = 0
  precondition(chroot("/proc/self") == 0 && chdir("/") == 0)
  collide(shared)
  let child = fork_process()
  if child == 0 {
    collide(shared)
    finish(3)
  }
  say("child \(howEnded(child))")
}
