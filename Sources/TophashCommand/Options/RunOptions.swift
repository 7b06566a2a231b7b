/// What `tophash run` was asked to do, after the command line and `TOPHASH_OPTIONS` were merged.
struct RunOptions: Equatable {
  var reporter = ReporterChoice.text
  var output: String?
  var isQuiet = false
  var haltsOnFinding = false
  var color = ColorChoice.auto
  var trapBudget = 10.0
  var setsTraps = true
  var hook = HookChoice.auto
  var seed: UInt64?
  var symbolizer: String?
  var isForced = false
}
