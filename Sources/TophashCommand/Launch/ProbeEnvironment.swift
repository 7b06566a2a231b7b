import Glibc
import TophashFindings

/// The environment that carries the probe into the program and all that it starts.
struct ProbeEnvironment {
  /// Path of the probe library: no space or colon in it, as the dynamic linker splits there.
  var library: String
  /// Where the processes leave their event files.
  var session: String
  var options: ProbeOptions

  /// `base` with the probe before whatever was preloaded already.
  func merged(into base: [String: String]) -> [String] {
    var environment = base
    let preloaded = base["LD_PRELOAD"].flatMap { $0.isEmpty ? nil : ":" + $0 } ?? ""
    environment["LD_PRELOAD"] = library + preloaded
    environment["TOPHASH_SESSION"] = session
    environment["TOPHASH_PROBE"] = options.description
    // Whom test code asks what its conflicts are.
    if options.followsTests { environment["TOPHASH_DESCRIBE"] = Runner.executable }
    return environment.map { "\($0.key)=\($0.value)" }.sorted()
  }
}

/// What the probe is asked to do, as the protocol spells it.
struct ProbeOptions: CustomStringConvertible, Equatable {
  var hook = HookChoice.auto
  /// Without it nothing is caught, and accesses cost nothing.
  var seesAccesses = true
  var measuresWaits = false
  var recordsTimeline = false
  var followsOrder = false
  var setsTraps = true
  /// Share of run time that holds may take, in percent.
  var trapBudget = 10.0
  var haltsOnConflict = false
  /// Tells which test started what.
  var followsTests = false
  var seed: UInt64 = 0
  /// Watches what the session's file says, and checks nothing.
  var watches = false

  var description: String {
    if watches { return "watch=1" }
    return [
      "hook=\(hook.rawValue)",
      "accesses=\(seesAccesses ? 1 : 0)",
      "waits=\(measuresWaits ? 1 : 0)",
      "timeline=\(recordsTimeline ? 1 : 0)",
      "clocks=\(followsOrder ? 1 : 0)",
      "traps=\(setsTraps ? 1 : 0)",
      "budget=\(Int((trapBudget * 10).rounded()))",
      "scopes=\(followsTests ? 1 : 0)",
      "halt=\(haltsOnConflict ? 1 : 0)",
      "seed=\(seed)",
    ].joined(separator: ":")
  }
}

extension ProbeOptions {
  init(_ options: RunOptions, followsTests: Bool, seed: UInt64) {
    self.init(
      hook: options.hook, followsOrder: options.detect == .unordered, setsTraps: options.setsTraps,
      trapBudget: options.trapBudget,
      haltsOnConflict: options.haltsOnFinding, followsTests: followsTests, seed: seed)
  }
}

extension SessionDirectory {
  /// A path to `library` that can be preloaded: the dynamic linker splits `LD_PRELOAD` at spaces
  /// and colons, so a path with one of them is reached through a link in the session directory.
  ///
  /// - Throws: 70 when the session directory's own path has one.
  func preloadable(_ library: String) throws(ToolError) -> String {
    guard library.contains(where: { $0 == " " || $0 == ":" }) else { return library }
    let link = "\(path)/\(library.lastComponent)"
    guard !link.contains(where: { $0 == " " || $0 == ":" }),
      symlink(SmallFile.resolved(library) ?? library, link) == 0
    else {
      throw .toolFailed(
        "the probe library cannot be preloaded from '\(library)'",
        "move it, or set TMPDIR, to a path without spaces and colons")
    }
    return link
  }
}
