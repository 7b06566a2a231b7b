import Foundation
import TophashTestSupport

/// A shell with job control in a terminal of its own, and somebody who types.
final class Terminal {
  private let descriptor: Int32
  private let shell: pid_t
  /// All that was shown, with lines that end as in a file.
  private(set) var shown = ""
  /// How much of it was waited for.
  private var awaited = 0

  // Of the system's headers; Swift does not see them.
  private static let setLock: UInt = 0x4004_5431  // TIOCSPTLCK
  private static let getNumber: UInt = 0x8004_5430  // TIOCGPTN
  private static let newSession: Int16 = 0x80  // POSIX_SPAWN_SETSID

  init(environment: [String: String] = [:]) throws {
    descriptor = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var (lock, number) = (Int32(0), UInt32(0))
    guard descriptor >= 0, ioctl(descriptor, Self.setLock, &lock) == 0,
      ioctl(descriptor, Self.getNumber, &number) == 0, let sh = Tool.path("sh")
    else { throw Command.Failure(reason: "no terminal") }
    let name = "/dev/pts/\(number)"

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    // The first terminal that the leader of a session opens becomes the session's.
    posix_spawn_file_actions_addopen(&actions, 0, name, O_RDWR, 0)
    posix_spawn_file_actions_adddup2(&actions, 0, 1)
    posix_spawn_file_actions_adddup2(&actions, 0, 2)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Self.newSession)

    var pid: pid_t = 0
    let base = [
      "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "PS1": "", "TERM": "vt100",
    ]
    let status = withStrings([sh, "-i"]) { arguments in
      withStrings(base.merging(environment) { $1 }.map { "\($0.key)=\($0.value)" }) {
        posix_spawn(&pid, sh, &actions, &attributes, arguments, $0)
      }
    }
    guard status == 0 else { throw Command.Failure(reason: "no shell") }
    shell = pid
    // What is typed is not shown, so that it cannot be taken for an answer.
    type("stty -echo; echo begin $((1 + 1))\n")
    try wait(for: "begin 2\n")
  }

  deinit {
    close(descriptor)
    kill(shell, SIGHUP)
    var status: Int32 = 0
    waitpid(shell, &status, 0)
  }

  func type(_ text: String) {
    _ = Array(text.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
  }

  /// Waits until `text` is shown, after what was waited for before; returns what came before it.
  @discardableResult
  func wait(for text: String) throws -> String {
    while true {
      let rest = shown.dropFirst(awaited)
      if let found = rest.range(of: text) {
        awaited = shown.distance(from: shown.startIndex, to: found.upperBound)
        return String(rest[..<found.lowerBound])
      }
      var piece = [UInt8](repeating: 0, count: 4096)
      let count = read(descriptor, &piece, piece.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw Command.Failure(reason: "no '\(text)' in '\(shown)'") }
      shown += String(decoding: piece[..<count], as: UTF8.self)
        .replacing("\r\n", with: "\n").replacing("\r", with: "")
    }
  }
}
