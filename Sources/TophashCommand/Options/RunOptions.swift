/// What `tophash run` was asked to do, wherever that was said: see ``Configuration``.
struct RunOptions: Equatable {
  var plan = ReportPlan()
  var suppressions: [String] = []
  var baseline: String?
  var baselineToWrite: String?
  var isQuiet = false
  var haltsOnFinding = false
  var color = ColorChoice.auto
  var trapBudget = 10.0
  var setsTraps = true
  var detect = DetectChoice.caught
  var isStrict = false
  var hook = HookChoice.auto
  var seed: UInt64?
  var symbolizer: String?
  var isForced = false
  /// Where the inspection with what ran is written.
  var coverage: String?
  /// The trap file; `nil` for the usual one, where it exists.
  var traps: String?
  var runs = 1
}

extension RunOptions {
  /// A percentage as one would type it.
  static func typed(_ percentage: Double) -> String {
    Int(exactly: percentage).map(String.init) ?? "\(percentage)"
  }

  /// The options that change what a run may find, as they are typed; neither the seed nor what is
  /// among `defaults` anyway.
  func repeated(beside defaults: RunOptions) -> [String] {
    var words: [String] = []
    if detect != defaults.detect { words += ["--detect", detect.rawValue] }
    if hook != .auto { words += ["--hook", hook.rawValue] }
    if !setsTraps {
      words.append("--no-traps")
    } else if trapBudget != defaults.trapBudget {
      words += ["--trap-budget", RunOptions.typed(trapBudget)]
    }
    if let traps, traps != defaults.traps { words += ["--traps", traps] }
    if runs != 1 { words += ["--runs", "\(runs)"] }
    if isForced { words.append("--force") }
    return words
  }
}
