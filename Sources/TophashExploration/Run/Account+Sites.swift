extension Account {
  /// Where runs that nobody controls should hold accesses open, to come into the same situation.
  ///
  /// Those that met; where none did, those of the variables that a thread was about to access when
  /// another one went first. Of a detailed run.
  package var sitesToHold: [UInt64] {
    var sites: [UInt64] = []
    func add(_ site: UInt64?) {
      if let site, !sites.contains(site) { sites.append(site) }
    }
    for overlap in overlaps {
      add(overlap.firstSite)
      add(overlap.secondSite)
    }
    guard sites.isEmpty else { return sites }
    let accesses = events.filter {
      $0.point == .read || $0.point == .modify || $0.point == .modifying
    }
    for choice in choices {
      let stopped = accesses.first { $0.thread == choice.thread && $0.ownStep == choice.step }
      guard let stopped else { continue }
      let others = accesses.filter {
        $0.object == stopped.object && $0.thread != stopped.thread
          && ($0.point != .read || stopped.point != .read)
      }
      guard !others.isEmpty else { continue }
      add(stopped.stack.first)
      others.forEach { add($0.stack.first) }
    }
    return sites
  }
}
