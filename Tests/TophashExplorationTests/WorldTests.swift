import Glibc
import Testing

/// Programs that have to do with other processes, the network, timers and signals.
/// `Scripts/explore worlds` runs them in many more orders.
@Suite(.serialized) struct WorldTests {
  /// Of these, all that happens is decided within the program.
  static let inner = [
    "echo", "echo-tasks", "polled", "watched", "retry", "timers", "deadlines", "intervals", "waits",
    "handler", "source", "sigwait", "alarm", "interrupted", "masked", "large", "datagrams",
  ]
  static let outer = ["child", "children", "spawned", "child-in-time", "child-signal"]

  @Test(arguments: inner)
  func `what only the program takes part in ends well in every order, and each order repeats`(
    _ part: String
  ) throws {
    let search = try Explored.world.explore(["--schedules", "20"], [part])
    #expect(search.end == .exited(0), "\(search.output)\(search.errors)")
    #expect(search.errors.contains("tophash: no run failed; "))
    #expect(!search.errors.contains("only partly under control"))
    #expect(!search.errors.contains("prove nothing"))

    let repeated = try Explored.world.explore(
      ["--repeat-one", "--random-addresses", "--schedules", "10"], [part])
    #expect(
      repeated.errors.contains(", 2 different\n") || repeated.errors.contains(", 1 different\n"),
      "\(repeated.errors)")
  }

  @Test(arguments: outer)
  func `what children take part in ends well in every order, and need not repeat`(
    _ part: String
  ) throws {
    let result = try Explored.world.explore(["--schedules", "10"], [part])
    #expect(result.end == .exited(0), "\(result.output)\(result.errors)")
    #expect(result.errors.contains("tophash: no run failed; "))
    #expect(
      result.errors.contains(" had to do with something outside of the program, and need not"))
    #expect(!result.errors.contains("only partly under control"))
    #expect(!result.errors.contains("prove nothing"))
  }

  @Test(arguments: [
    ("echo", "deadlock: no thread can go on"), ("waits", "crash: trapped"),
  ])
  func `a wrong one fails where nobody outside could help`(
    _ part: String, _ failure: String
  ) throws {
    let result = try Explored.world.explore(["--schedules", "100"], [part, "wrong"])
    #expect(result.end == .exited(66), "\(result.errors)")
    #expect(result.output.hasPrefix("failure (replayed, 10 of 10): \(failure)"))
  }

  @Test func `where a handler was for one signal, the next one ends the program`() throws {
    let result = try Explored.world.explore(["--schedules", "5"], ["once"])
    #expect(result.end == .signalled(SIGUSR1), "\(result.errors)")
    #expect(result.errors.contains("(crash: ended by signal \(SIGUSR1))"), "\(result.errors)")
  }

  // The second of these schedules waits, until nobody believes any more that anything will come.
  @Test(arguments: ["spawned", "handler"])
  func `where somebody outside could help, no deadlock is claimed`(_ part: String) throws {
    let result = try Explored.world.explore(
      ["--scheduler", "bounded", "--schedules", "2"], [part, "wrong"])
    #expect(result.end == .exited(0), "\(result.output)")
    #expect(result.errors.contains("made no progress, and prove"), "\(result.errors)")
  }

  @Test func `a thread that blocks where nobody saw it coming takes nothing down, and is told`()
    throws
  {
    let result = try Explored.world.explore(["--schedules", "5"], ["unseen"])
    #expect(result.end == .exited(0), "\(result.output)\(result.errors)")
    #expect(result.errors.contains("5 runs were only partly under control"))
    #expect(result.errors.contains("pselect6"))
  }
}
