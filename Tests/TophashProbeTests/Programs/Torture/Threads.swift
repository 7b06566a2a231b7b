import Glibc

func collideOnce() {
  collide(Shared())
  say("met")
}

func countUnderLock() {
  let shared = Shared()
  let lock = Lock()
  let workers = (0..<4).map { _ in
    Worker { for step in 0..<1000 { lock.guarding { shared.map[step % 7, default: 0] += 1 } } }
  }
  for worker in workers { worker.join() }
  say("counted \(shared.map.values.reduce(0, +))")
}

/// Ten thousand threads that live for two accesses each.
func churn() {
  let shared = Shared()
  let lock = Lock()
  for _ in 0..<1000 {
    let workers = (0..<10).map { number in
      Worker {
        let own = Shared()
        own.map[number] = number
        lock.guarding { shared.map[number, default: 0] += 1 }
      }
    }
    for worker in workers { worker.join() }
  }
  say("counted \(shared.map.values.reduce(0, +))")
}

/// Two hundred threads that are all alive at once.
private func crowd(_ body: @escaping @Sendable (Int) -> Void) {
  let ready = Semaphore()
  let go = Semaphore()
  let workers = (0..<200).map { number in
    Worker {
      ready.post()
      go.wait()
      for _ in 0..<50 { body(number) }
    }
  }
  for _ in workers { ready.wait() }
  for _ in workers { go.post() }
  for worker in workers { worker.join() }
}

func crowdUnderLock() {
  let shared = Shared()
  let lock = Lock()
  crowd { number in lock.guarding { shared.map[number, default: 0] += 1 } }
  say("counted \(shared.map.values.reduce(0, +))")
}

/// All are ordered among themselves, but not with the one that holds its access open.
func crowdAndCollide() {
  let shared = Shared()
  let lock = Lock()
  let opened = Semaphore()
  let finished = Semaphore()
  let holder = Worker {
    whileOpen(&shared.map) {
      opened.post()
      finished.wait()
    }
  }
  opened.wait()
  crowd { number in lock.guarding { shared.map[number, default: 0] += 1 } }
  finished.post()
  holder.join()
  say("counted \(shared.map.values.reduce(0, +))")
}

/// A thread that leaves for good while its access is open. Whoever comes later is alone.
private func leaveInsideAccess(_ leave: @escaping @Sendable () -> Void, _ help: (pthread_t) -> Void)
{
  let shared = Shared()
  for round in 0..<20 {
    let opened = Semaphore()
    let worker = Worker {
      whileOpen(&shared.map) {
        opened.post()
        leave()
      }
    }
    opened.wait()
    help(worker.thread)
    worker.join()
    shared.map[round] = round
    Worker { shared.map[round] = round + 1 }.join()
  }
  say("left \(shared.map.count)")
}

func exitInsideAccess() { leaveInsideAccess({ pthread_exit(nil) }, { _ in }) }

func cancelInsideAccess() {
  leaveInsideAccess({ while true { usleep(1000) } }, { pthread_cancel($0) })
}

/// Swift code that runs when the thread's storage is torn down, round after round, before and
/// after the probe has said goodbye to the thread.
func accessInDestructors() {
  final class Late: Sendable {
    let own = Shared()
    let lock: Lock, total: Shared, key: pthread_key_t
    init(_ lock: Lock, _ total: Shared, _ key: pthread_key_t) {
      (self.lock, self.total, self.key) = (lock, total, key)
    }
  }
  var key = pthread_key_t()
  pthread_key_create(&key) { value in
    let late = Unmanaged<Late>.fromOpaque(value!).takeUnretainedValue()
    late.own.map[1, default: 0] += 1
    late.lock.guarding { late.total.map[1, default: 0] += 1 }
    pthread_setspecific(late.key, value)  // again, until the C library has enough
  }
  let lock = Lock()
  let total = Shared()
  for _ in 0..<100 {
    let late = Late(lock, total, key)
    let worker = Worker {
      pthread_setspecific(late.key, Unmanaged.passRetained(late).toOpaque())
    }
    lock.guarding { total.map[2, default: 0] += 1 }
    worker.join()
    late.own.map[2] = 2
  }
  say("counted \(total.map.values.reduce(0, +))")
}

/// The main thread ends before the others.
func exitMainThread() {
  let shared = Shared()
  let main = pthread_self()
  _ = Worker {
    pthread_join(main, nil)
    shared.map[1] = 1
    say("last")
    finish(4)
  }
  whileOpen(&shared.map) { pthread_exit(nil) }
}

/// Neighbours of one byte each, in one bucket of the table, which has room for four.
func fillBucket() {
  final class Bytes: @unchecked Sendable {
    var a: UInt8 = 0, b: UInt8 = 0, c: UInt8 = 0, d: UInt8 = 0
    var e: UInt8 = 0, f: UInt8 = 0, g: UInt8 = 0, h: UInt8 = 0
  }
  @Sendable @inline(never) func open(_ byte: inout UInt8, _ body: () -> Void) {
    byte &+= 1
    body()
  }
  let bytes = Bytes()
  for _ in 0..<100 {
    let opened = Semaphore()
    let finished = Semaphore()
    let holder = Worker {
      open(&bytes.a) {
        open(&bytes.b) {
          open(&bytes.c) {
            opened.post()
            finished.wait()
          }
        }
      }
    }
    opened.wait()
    open(&bytes.d) { open(&bytes.e) { open(&bytes.f) { open(&bytes.g) { open(&bytes.h) {} } } } }
    finished.post()
    holder.join()
  }
  say("counted \([bytes.a, bytes.b, bytes.c, bytes.d, bytes.e, bytes.f, bytes.g, bytes.h])")
}

/// A property without size has no address of its own.
func accessEmptyProperties() {
  struct Empty { mutating func touch(_ body: () -> Void) { body() } }
  final class Holder: @unchecked Sendable {
    var nothing = Empty()
    var map: [Int: Int] = [:]
    var nothingMore = Empty()
  }
  let one = Holder()
  let two = Holder()
  let opened = Semaphore()
  let finished = Semaphore()
  let holder = Worker {
    one.nothing.touch {
      opened.post()
      finished.wait()
    }
  }
  opened.wait()
  one.map[1] = 1
  two.nothing.touch {}
  one.nothingMore.touch {}
  whileOpen(&one.map) { two.nothingMore.touch {} }
  finished.post()
  holder.join()
  say("nothing")
}

/// By key path the access is made inside the runtime.
func collideByKeyPath() {
  let shared = Shared()
  let paths: [ReferenceWritableKeyPath<Shared, [Int: Int]>] = [\.map]
  let path = paths[Int(getpid() & 0)]
  let opened = Semaphore()
  let finished = Semaphore()
  let holder = Worker {
    whileOpen(&shared[keyPath: path]) {
      opened.post()
      finished.wait()
    }
  }
  opened.wait()
  shared[keyPath: path][1] = 1
  finished.post()
  holder.join()
  say("met")
}

/// A lock that lives in a property: the call is a modification of it, which lasts until the lock
/// is got.
func lockInProperty() {
  final class Guarded: @unchecked Sendable {
    var mutex = pthread_mutex_t()
    var map: [Int: Int] = [:]
    init() { pthread_mutex_init(&mutex, nil) }
    func add() {
      pthread_mutex_lock(&mutex)
      map[map.count % 7, default: 0] += 1
      pthread_mutex_unlock(&mutex)
    }
  }
  let guarded = Guarded()
  let workers = (0..<4).map { _ in Worker { for _ in 0..<500 { guarded.add() } } }
  for worker in workers { worker.join() }
  say("counted \(guarded.map.values.reduce(0, +))")
}
