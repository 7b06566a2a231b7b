// Programs that have to do with the world outside: other processes, the network, timers, signals.
// Each is correct, and ends well in every order. With "wrong", some have a mistake that needs an
// order: the plain one ends well.

import Foundation
import Synchronization

let isWrong = CommandLine.arguments.contains("wrong")
let done = DispatchSemaphore(value: 0)

@main struct World {
  static func main() async throws {
    switch CommandLine.arguments[1] {
    case "echo": Network.echo()
    case "echo-tasks": await Network.echoInTasks()
    case "polled": Network.polled()
    case "watched": Network.watched()
    case "datagrams": Network.datagrams()
    case "large": Network.large()
    case "retry": Network.retry()
    case "child": try Children.child()
    case "children": try Children.severalAtOnce()
    case "spawned": Children.spawned()
    case "child-in-time": try Children.inTime()
    case "timers": Timers.timers()
    case "deadlines": await Timers.deadlines()
    case "intervals": Timers.intervals()
    case "waits": Timers.waits()
    case "handler": Signals.handler()
    case "source": Signals.source()
    case "sigwait": Signals.waited()
    case "alarm": Signals.alarmed()
    case "interrupted": Signals.interrupted()
    case "masked": Signals.masked()
    case "once": Signals.once()
    case "child-signal": Signals.ofChild()
    case "unseen": unseen()
    default: exit(64)
    }
  }

  /// A thread blocks where nobody sees it coming; another one holds a lock meanwhile and sleeps.
  static func unseen() {
    let lock = NSLock()
    Thread.detachNewThread {
      var moment = timespec(tv_sec: 0, tv_nsec: 50_000_000)
      pselect(0, nil, nil, nil, &moment, nil)
      lock.lock()
      lock.unlock()
      done.signal()
    }
    for _ in 0..<3 {
      lock.lock()
      usleep(1000)
      lock.unlock()
    }
    done.wait()
  }
}

// MARK: - Network

enum Network {
  /// A socket of this machine, bound to a port that the system chose.
  struct Socket {
    var descriptor: Int32
    var address = sockaddr_in()

    init(_ type: __socket_type = SOCK_STREAM) {
      descriptor = socket(AF_INET, Int32(type.rawValue), 0)
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = inet_addr("127.0.0.1")
    }

    mutating func bindAnywhere() {
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      withAddress { precondition(bind(descriptor, $0, length) == 0) }
      withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          precondition(getsockname(descriptor, $0, &length) == 0)
        }
      }
    }

    func withAddress<Result>(_ body: (UnsafePointer<sockaddr>) -> Result) -> Result {
      withUnsafePointer(to: address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
      }
    }

    /// A new one that is connected to this one; `nil` when nobody listens.
    func client() -> Int32? {
      let client = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      let length = socklen_t(MemoryLayout<sockaddr_in>.size)
      if withAddress({ connect(client, $0, length) }) == 0 { return client }
      close(client)
      return nil
    }

    static func server() -> Socket {
      var server = Socket()
      server.bindAnywhere()
      precondition(listen(server.descriptor, 4) == 0)
      return server
    }
  }

  /// Sends back what comes, until the other side has closed.
  static func answer(_ client: Int32) {
    var buffer = [UInt8](repeating: 0, count: 8)
    while true {
      let count = read(client, &buffer, 8)
      if count <= 0 { break }
      write(client, buffer, count)
    }
    close(client)
  }

  static func ask(_ server: Socket) {
    let client = server.client()!
    var buffer = [UInt8](repeating: 7, count: 8)
    for _ in 0..<3 {
      write(client, buffer, 8)
      precondition(read(client, &buffer, 8) == 8)
    }
    close(client)
  }

  /// Two threads talk through a socket. The mistake: the answering one leaves when the port was not
  /// yet noted, and the other one waits for an answer that nobody will write.
  static func echo() {
    let server = Socket.server()
    let isNoted = Atomic(false)
    Thread.detachNewThread {
      let answers = !isWrong || isNoted.load(ordering: .acquiring)
      let client = accept(server.descriptor, nil, nil)
      if answers { answer(client) }
      done.signal()
    }
    isNoted.store(true, ordering: .releasing)
    ask(server)
    done.wait()
  }

  static func echoInTasks() async {
    let server = Socket.server()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { for _ in 0..<2 { answer(accept(server.descriptor, nil, nil)) } }
      group.addTask { for _ in 0..<2 { ask(server) } }
    }
  }

  /// One thread serves two others, by `poll`.
  static func polled() {
    let server = Socket.server()
    for _ in 0..<2 {
      Thread.detachNewThread {
        ask(server)
        done.signal()
      }
    }
    var all = [pollfd(fd: server.descriptor, events: Int16(POLLIN), revents: 0)]
    var closed = 0
    while closed < 2 {
      precondition(poll(&all, nfds_t(all.count), -1) > 0)
      for one in all where one.revents != 0 {
        if one.fd == server.descriptor {
          let client = accept(server.descriptor, nil, nil)
          all.append(pollfd(fd: client, events: Int16(POLLIN), revents: 0))
          continue
        }
        var buffer = [UInt8](repeating: 0, count: 8)
        let count = read(one.fd, &buffer, 8)
        if count > 0 { write(one.fd, buffer, count) }
        if count > 0 { continue }
        close(one.fd)
        all.removeAll { $0.fd == one.fd }
        closed += 1
      }
    }
    for _ in 0..<2 { done.wait() }
  }

  /// The same, where Dispatch watches the connection.
  static func watched() {
    let server = Socket.server()
    Thread.detachNewThread {
      ask(server)
      done.signal()
    }
    let queue = DispatchQueue(label: "server")
    let client = accept(server.descriptor, nil, nil)
    let source = DispatchSource.makeReadSource(fileDescriptor: client, queue: queue)
    source.setEventHandler {
      var buffer = [UInt8](repeating: 0, count: 8)
      let count = read(client, &buffer, 8)
      if count > 0 { write(client, buffer, count) } else { source.cancel() }
    }
    source.setCancelHandler {
      close(client)
      done.signal()
    }
    source.resume()
    for _ in 0..<2 { done.wait() }
  }

  /// A message, and one that never comes: receiving has a limit.
  static func datagrams() {
    var receiver = Socket(SOCK_DGRAM)
    receiver.bindAnywhere()
    var limit = timeval(tv_sec: 2, tv_usec: 0)
    setsockopt(
      receiver.descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    let there = receiver
    Thread.detachNewThread {
      let sender = Socket(SOCK_DGRAM)
      let length = socklen_t(MemoryLayout<sockaddr_in>.size)
      there.withAddress { precondition(sendto(sender.descriptor, "hello", 5, 0, $0, length) == 5) }
      done.signal()
    }
    var buffer = [UInt8](repeating: 0, count: 8)
    precondition(recv(receiver.descriptor, &buffer, 8, 0) == 5)
    precondition(recv(receiver.descriptor, &buffer, 8, Int32(MSG_DONTWAIT)) == -1)
    precondition(recv(receiver.descriptor, &buffer, 8, 0) == -1 && errno == EAGAIN)
    done.wait()
  }

  /// More than there is room for on the way, through a pipe and through a connection.
  static func large() {
    let server = Socket.server()
    let message = [UInt8](repeating: 1, count: 1 << 20)
    let pipe = Pipe()
    Thread.detachNewThread {
      let client = server.client()!
      // What succeeds leaves the number of an error alone.
      errno = EILSEQ
      precondition(write(client, message, message.count) == message.count && errno == EILSEQ)
      close(client)
      let writing = pipe.fileHandleForWriting.fileDescriptor
      precondition(write(writing, message, 1 << 17) == 1 << 17)
      try? pipe.fileHandleForWriting.close()
    }
    let client = accept(server.descriptor, nil, nil)
    precondition(count(client) == message.count)
    precondition(count(pipe.fileHandleForReading.fileDescriptor) == 1 << 17)
  }

  private static func count(_ descriptor: Int32) -> Int {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    var total = 0
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count <= 0 { return total }
      total += count
    }
  }

  /// The client comes too early, sleeps, and tries again.
  static func retry() {
    var server = Socket()
    server.bindAnywhere()
    let there = server
    Thread.detachNewThread {
      while true {
        if let client = there.client() {
          close(client)
          break
        }
        usleep(1000)
      }
      done.signal()
    }
    precondition(listen(server.descriptor, 1) == 0)
    close(accept(server.descriptor, nil, nil))
    done.wait()
  }
}

// MARK: - Children

enum Children {
  static func process(_ path: String, _ arguments: [String]) -> (process: Process, output: Pipe) {
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    return (process, pipe)
  }

  /// A child answers.
  static func child() throws {
    let (process, pipe) = process("/bin/echo", ["hello"])
    try process.run()
    let answer = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    precondition(answer == Data("hello\n".utf8) && process.terminationStatus == 0)
  }

  /// Two children at once; both tell when they have ended.
  static func severalAtOnce() throws {
    for seconds in ["0.02", "0.01"] {
      let (process, _) = process("/bin/sleep", [seconds])
      process.terminationHandler = { _ in done.signal() }
      try process.run()
    }
    for _ in 0..<2 { done.wait() }
  }

  /// A child copies what it is given. The mistake: its input stays open where the end was not yet
  /// noted, so that it never ends.
  static func spawned() {
    var input: [Int32] = [0, 0]
    var output: [Int32] = [0, 0]
    pipe(&input)
    pipe(&output)
    // The child is to have its ends only.
    for end in input + output { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, input[0], 0)
    posix_spawn_file_actions_adddup2(&actions, output[1], 1)
    var child: pid_t = 0
    let words: [UnsafeMutablePointer<CChar>?] = [strdup("cat"), nil]
    precondition(posix_spawn(&child, "/bin/cat", &actions, nil, words, environ) == 0)
    close(input[0])
    close(output[1])
    let isNoted = Atomic(false)
    let writing = input[1]
    Thread.detachNewThread {
      write(writing, "hello", 5)
      if !isWrong || isNoted.load(ordering: .acquiring) { close(writing) }
      done.signal()
    }
    isNoted.store(true, ordering: .releasing)
    var buffer = [UInt8](repeating: 0, count: 16)
    precondition(read(output[0], &buffer, 16) == 5)
    precondition(read(output[0], &buffer, 16) == 0)
    var status: Int32 = 0
    precondition(waitpid(child, &status, 0) == child && status == 0)
    done.wait()
  }

  /// A child that takes its time, in a wait with a limit that it does not come near.
  static func inTime() throws {
    let (process, _) = process("/bin/sleep", ["0.1"])
    process.terminationHandler = { _ in done.signal() }
    try process.run()
    precondition(done.wait(timeout: .now() + 60) == .success, "not in time")
  }
}

// MARK: - Timers

enum Timers {
  /// A timer that fires each second, twenty times, beside a thread that sleeps for an hour.
  static func timers() {
    nonisolated(unsafe) var ticks = 0
    let timer = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "timer"))
    timer.schedule(deadline: .now(), repeating: .seconds(1))
    timer.setEventHandler {
      ticks += 1
      if ticks == 20 { done.signal() }
    }
    timer.resume()
    Thread.detachNewThread {
      sleep(3600)
      done.signal()
    }
    done.wait()
    timer.cancel()
    done.wait()
  }

  /// What is due earlier comes earlier, of each kind.
  static func deadlines() async {
    let order = Mutex<[Int]>([])
    let all = DispatchGroup()
    for number in [3, 1, 2] {
      all.enter()
      DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(number * 10)) {
        order.withLock { $0.append(number) }
        all.leave()
      }
    }
    await withTaskGroup(of: Void.self) { group in
      for number in [5, 4] {
        group.addTask {
          try? await Task.sleep(for: .seconds(number * 10))
          order.withLock { $0.append(number) }
        }
      }
    }
    await withCheckedContinuation { waiting in
      all.notify(queue: .global()) { waiting.resume() }
    }
    let came = order.withLock { $0 }
    precondition(came == [1, 2, 3, 4, 5], "\(came)")
  }

  /// A repeating timer is cancelled by its own handler, and nothing comes after that.
  static func intervals() {
    let queue = DispatchQueue(label: "timer")
    nonisolated(unsafe) var ticks = 0
    let timer = DispatchSource.makeTimerSource(queue: queue)
    timer.schedule(deadline: .now() + .milliseconds(5), repeating: .milliseconds(5))
    timer.setEventHandler {
      ticks += 1
      if ticks == 3 { timer.cancel() }
    }
    timer.setCancelHandler { done.signal() }
    timer.resume()
    done.wait()
    usleep(50_000)
    precondition(queue.sync { ticks } == 3)
  }

  /// Waits with a limit: the one that nobody ends takes its time, the other one does not. The
  /// mistake: the signal is given only where the limit was already being waited for.
  static func waits() {
    let condition = NSCondition()
    nonisolated(unsafe) var isThere = false
    nonisolated(unsafe) var waits = false
    let never = DispatchSemaphore(value: 0)
    let start = DispatchTime.now().uptimeNanoseconds
    precondition(never.wait(timeout: .now() + 30) == .timedOut)
    precondition(DispatchTime.now().uptimeNanoseconds - start >= 30_000_000_000)
    Thread.detachNewThread {
      condition.withLock {
        if isWrong, !waits { return }
        isThere = true
        condition.signal()
      }
    }
    condition.lock()
    waits = true
    while !isThere {
      precondition(condition.wait(until: Date(timeIntervalSinceNow: 60)), "not in time")
    }
    condition.unlock()
  }
}

// MARK: - Signals

/// What a handler may touch.
nonisolated(unsafe) let posted: UnsafeMutablePointer<sem_t> = {
  let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)
  sem_init(semaphore, 0, 0)
  return semaphore
}()

// Glibc's module leaves `ppoll` out.
@_silgen_name("ppoll") func waitUnmasked(
  _ descriptors: UnsafeMutablePointer<pollfd>?, _ count: nfds_t, _ limit: UnsafePointer<timespec>?,
  _ mask: UnsafePointer<sigset_t>?
) -> Int32

enum Signals {
  static func handle(
    _ signal: Int32, flags: Int32 = 0, _ handler: @escaping @convention(c) (Int32) -> Void
  ) {
    var action = sigaction()
    action.__sigaction_handler.sa_handler = handler
    action.sa_flags = flags
    precondition(sigaction(signal, &action, nil) == 0)
  }

  /// From now on in this thread, and in those that it makes.
  static func block(_ signals: Int32...) -> sigset_t {
    var mask = sigset_t()
    sigemptyset(&mask)
    for signal in signals { sigaddset(&mask, signal) }
    pthread_sigmask(SIG_BLOCK, &mask, nil)
    return mask
  }

  /// A handler posts a semaphore, for a thread that waits. The mistake: where the signal comes before
  /// the handler is there, it is ignored.
  static func handler() {
    _ = posted
    if isWrong { signal(SIGUSR1, SIG_IGN) } else { handle(SIGUSR1) { _ in sem_post(posted) } }
    Thread.detachNewThread {
      kill(getpid(), SIGUSR1)
      done.signal()
    }
    if isWrong { handle(SIGUSR1) { _ in sem_post(posted) } }
    while sem_wait(posted) != 0 {}
    done.wait()
  }

  /// Dispatch tells of a signal.
  static func source() {
    _ = block(SIGUSR1)
    let source = DispatchSource.makeSignalSource(
      signal: SIGUSR1, queue: DispatchQueue(label: "signals"))
    let isReady = DispatchSemaphore(value: 0)
    source.setRegistrationHandler { isReady.signal() }
    source.setEventHandler { done.signal() }
    source.resume()
    isReady.wait()
    Thread.detachNewThread { kill(getpid(), SIGUSR1) }
    done.wait()
    source.cancel()
  }

  /// A thread waits for signals that all others block.
  static func waited() {
    let awaited = block(SIGUSR1, SIGUSR2)
    Thread.detachNewThread {
      var mask = awaited
      var signal: Int32 = 0
      repeat { precondition(sigwait(&mask, &signal) == 0) } while signal != SIGUSR2
      done.signal()
    }
    kill(getpid(), SIGUSR1)
    kill(getpid(), SIGUSR2)
    done.wait()
  }

  /// A signal after a time ends a wait and a sleep.
  static func alarmed() {
    let realTime = __itimer_which_t(ITIMER_REAL.rawValue)
    handle(SIGALRM) { _ in sem_post(posted) }
    alarm(10)
    pause()
    precondition(sem_trywait(posted) == 0)
    alarm(10)
    var rest = itimerval()
    precondition(getitimer(realTime, &rest) == 0)
    precondition((9...10).contains(rest.it_value.tv_sec))
    precondition(sleep(60) > 40)
    precondition(sem_trywait(posted) == 0)
    var wrong = itimerval()
    wrong.it_value.tv_usec = 2_000_000
    precondition(setitimer(realTime, &wrong, nil) == -1 && errno == EINVAL)
  }

  /// A signal for one thread ends its call, which is told so.
  static func interrupted() {
    handle(SIGUSR1) { _ in }
    let ends = Pipe()
    let reading = ends.fileHandleForReading.fileDescriptor
    let isOver = Atomic(false)
    nonisolated(unsafe) var thread = pthread_t()
    let begun = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      thread = pthread_self()
      begun.signal()
      var byte: UInt8 = 0
      while !isOver.load(ordering: .acquiring) {
        precondition(read(reading, &byte, 1) == -1 && errno == EINTR)
      }
      done.signal()
    }
    begun.wait()
    isOver.store(true, ordering: .releasing)
    // Once may be too early.
    while done.wait(timeout: .now() + 1) == .timedOut { pthread_kill(thread, SIGUSR1) }
  }

  /// All block a signal. It comes through in one call, which it ends.
  static func masked() {
    handle(SIGUSR1) { _ in sem_post(posted) }
    _ = block(SIGUSR1)
    Thread.detachNewThread {
      kill(getpid(), SIGUSR1)
      done.signal()
    }
    var none = sigset_t()
    sigemptyset(&none)
    precondition(waitUnmasked(nil, 0, nil, &none) == -1 && errno == EINTR)
    precondition(sem_trywait(posted) == 0)
    done.wait()
  }

  /// A handler that is there for once. The second signal ends the program.
  static func once() {
    handle(SIGUSR1, flags: Int32(bitPattern: UInt32(SA_RESETHAND))) { _ in sem_post(posted) }
    kill(getpid(), SIGUSR1)
    precondition(sem_trywait(posted) == 0)
    kill(getpid(), SIGUSR1)
  }

  /// A handler learns of a child's end.
  static func ofChild() {
    handle(SIGCHLD, flags: Int32(SA_RESTART)) { _ in sem_post(posted) }
    var child: pid_t = 0
    let words: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
    precondition(posix_spawn(&child, "/bin/true", nil, nil, words, environ) == 0)
    while sem_wait(posted) != 0 {}
    var status: Int32 = 0
    precondition(waitpid(child, &status, 0) == child && status == 0)
  }
}
