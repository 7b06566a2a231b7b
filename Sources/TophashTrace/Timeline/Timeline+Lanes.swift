extension Timeline {
  /// Adds slices on tracks of their own beneath those that they name: as few as it takes, so that
  /// on each they lie within each other, or apart.
  ///
  /// - Complexity: O(n log n) in the number of slices, for few that are open at one time.
  mutating func addInLanes(_ slices: [Slice]) {
    /// The ends of what is open on each lane, the innermost last.
    var open: [Track: [[UInt64]]] = [:]
    for var slice in slices.sorted(by: { ($0.start, $1.end) < ($1.start, $0.end) }) {
      var lanes = open[slice.track, default: []]
      for lane in lanes.indices {
        while let end = lanes[lane].last, end <= slice.start { lanes[lane].removeLast() }
      }
      let fitting = lanes.firstIndex { $0.last.map { slice.end <= $0 } ?? true }
      let lane = fitting ?? lanes.count
      if lane == lanes.count { lanes.append([]) }
      lanes[lane].append(slice.end)
      open[slice.track] = lanes
      slice.track = .regions(of: slice.track, lane: lane)
      self.slices.append(slice)
    }
  }
}
