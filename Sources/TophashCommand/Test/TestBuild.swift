import TophashReports

/// Builds a package's tests, without the probe.
struct TestBuild {
  var arguments: SwiftTestArguments
  var environment: [String: String]
  var console: Console

  /// Runs the build with the user's terminal and signals. Where it fails, there is nothing to
  /// check: ends this process as the build ended.
  ///
  /// - Throws: 127 or 126 when there is no `swift` that can be run.
  func run(inbox: SignalInbox) throws(ToolError) {
    guard !arguments.skipsBuild else { return }
    let command = arguments.buildCommand
    let build = try Subject(command: command, environment: environment, console: console)
    let child = try ChildProcess(
      path: build.path, arguments: build.arguments,
      environment: environment.map { "\($0.key)=\($0.value)" }, signalMask: inbox.originalMask)
    var supervisor = Supervisor(child: child, inbox: inbox, console: console)
    let end = supervisor.superviseToEnd()
    guard end == .exited(0) else {
      console.say("the tests were not built, so nothing was checked")
      Farewell.leave(as: end)
    }
  }
}
