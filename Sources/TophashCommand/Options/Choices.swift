import ArgumentParser

/// The form of a report that has only two.
enum ReporterChoice: String, CaseIterable, ExpressibleByArgument {
  case text, json
}

/// When the text report is coloured.
enum ColorChoice: String, CaseIterable, ExpressibleByArgument {
  case auto, always, never
}

/// What is looked for.
enum DetectChoice: String, CaseIterable, ExpressibleByArgument {
  /// Accesses that were open at the same moment.
  case caught
  /// Those, and accesses that nothing was seen to order.
  case unordered
}

/// How the probe gets to see accesses.
enum HookChoice: String, CaseIterable, ExpressibleByArgument {
  /// Patches the runtime's entry points, and interposes where that is not possible.
  case auto
  /// Interposes only: leaves the runtime's code alone, and sees less.
  case interpose
}
