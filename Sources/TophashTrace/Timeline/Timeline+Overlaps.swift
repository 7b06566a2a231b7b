extension Timeline {
  /// Finds accesses of one variable that were open at one moment on two threads, one of them to
  /// modify it, counts them, and leads an arrow from one to the other.
  ///
  /// An access is written down after it began and before it ends, so two that overlap on the
  /// timeline have overlapped in the program.
  ///
  /// - Complexity: O(n log n) in the number of slices, for few that are open at one time.
  mutating func connectOverlaps() {
    let accesses = slices.indices.filter { slices[$0].access != nil }
      .sorted { slices[$0].start < slices[$1].start }
    var open: [UInt64: [Int]] = [:]
    var number: UInt64 = 0
    for index in accesses {
      guard let access = slices[index].access else { continue }
      var others = open[access.address, default: []]
      others.removeAll { slices[$0].end <= slices[index].start }
      for other in others where slices[other].track != slices[index].track {
        guard access.modifies || slices[other].access?.modifies == true else { continue }
        overlaps[access.variable, default: 0] += 1
        let flow = number | 2 << 62
        number += 1
        slices[other].flows.append(flow)
        slices[index].flows.append(flow)
      }
      open[access.address] = others + [index]
    }
  }
}
