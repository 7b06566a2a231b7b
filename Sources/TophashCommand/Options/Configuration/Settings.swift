extension Setting {
  /// Every option of `tophash run` but `--config`, in the order of its help.
  static let all: [Setting] = [
    Setting(
      key: "reporter", expected: "names of \(ReportPlan.forms), between commas",
      apply: { $0.plan.choose($1 ?? "") }, value: { $0.plan.chosen }, takesSeveral: true),
    Setting(
      key: "output", expected: "a path, or NAME=PATH with a reporter's name",
      apply: { options, value in
        guard let value, !value.isEmpty, !value.contains("\0") else { return false }
        return options.plan.send(to: value)
      },
      value: { $0.plan.sent }, takesSeveral: true, relocated: ReportPlan.relocated),
    .paths("suppressions", \.suppressions),
    .path("baseline", \.baseline),
    .path("write-baseline", \.baselineToWrite),
    .flag("quiet", \.isQuiet),
    .flag("halt-on-finding", \.haltsOnFinding),
    .choice("color", \.color),
    .number(
      "trap-budget", "a percentage from 0 to 100", \.trapBudget,
      { Double($0).flatMap { budgets.contains($0) ? $0 : nil } }, typed: RunOptions.typed),
    .flag("no-traps", \.setsTraps, on: false),
    .choice("detect", \.detect),
    .flag("strict", \.isStrict),
    .choice("hook", \.hook),
    .number(
      "seed", "a whole number", \.seed, { UInt64($0).map(Optional.some) },
      typed: { $0.map { "\($0)" } }),
    .number(
      "runs", "a number from 1 to 1000", \.runs,
      { Int($0).flatMap { runCounts.contains($0) ? $0 : nil } }),
    .path("traps", \.traps),
    .path("coverage", \.coverage),
    .path("symbolizer", \.symbolizer),
    .flag("force", \.isForced),
  ]

  /// Percentages that `--trap-budget` takes.
  private static let budgets = 0.0...100.0
  /// Numbers that `--runs` takes.
  private static let runCounts = 1...1000
}
