// Correct programs that have to do with the world outside: each ends well in every order.

import Foundation

let done = DispatchSemaphore(value: 0)

/// Two threads talk through a socket.
func echo() {
  let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_addr.s_addr = inet_addr("127.0.0.1")
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  withUnsafeMutablePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      bind(server, $0, length)
      listen(server, 1)
      getsockname(server, $0, &length)
    }
  }
  Thread.detachNewThread {
    let client = accept(server, nil, nil)
    var buffer = [UInt8](repeating: 0, count: 8)
    while true {
      let count = read(client, &buffer, 8)
      if count <= 0 { break }
      write(client, buffer, count)
    }
    close(client)
    done.signal()
  }
  let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  withUnsafePointer(to: address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = connect(client, $0, length) }
  }
  var buffer = [UInt8](repeating: 7, count: 8)
  for _ in 0..<3 {
    write(client, buffer, 8)
    precondition(read(client, &buffer, 8) == 8)
  }
  close(client)
  done.wait()
}

/// A child process answers.
func child() throws {
  let process = Process()
  process.executableURL = URL(filePath: "/bin/echo")
  process.arguments = ["hello"]
  let pipe = Pipe()
  process.standardOutput = pipe
  try process.run()
  let answer = pipe.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  precondition(answer == Data("hello\n".utf8) && process.terminationStatus == 0)
}

/// A timer that fires each second, twenty times, beside a thread that sleeps for an hour.
func timers() {
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

/// A thread blocks where nobody sees it coming; another one holds a lock meanwhile and sleeps.
func unseen() {
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

switch CommandLine.arguments[1] {
case "echo": echo()
case "child": try child()
case "timers": timers()
case "unseen": unseen()
default: exit(64)
}
