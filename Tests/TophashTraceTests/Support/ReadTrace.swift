/// A trace in Perfetto's format, taken apart for comparison.
struct ReadTrace {
  /// How many slices and instants have a name.
  private(set) var slices: [String: Int] = [:]
  private(set) var instants: [String: Int] = [:]
  /// Figures by name, in the order of time.
  private(set) var figures: [String: [Double]] = [:]
  /// How many events an arrow touches.
  private(set) var flows: [UInt64: Int] = [:]
  /// Whether each end has a beginning on its track, and each beginning an end, in the order of time.
  private(set) var isBalanced = true
  private var names: [UInt64: String] = [:]
  private var places: [String: Set<UInt64>] = [:]

  init(_ bytes: [UInt8]) {
    var open: [UInt64: Int] = [:]
    var last: UInt64 = 0
    for packet in ReadMessage(bytes)[1].map(\.message) {
      if let track = packet[60].first?.message {
        names[track[1][0].value] =
          track[2].first?.text ?? track[4].first?.message[5].first?.text ?? ""
      }
      guard let event = packet[11].first?.message, let time = packet[8].first?.value else {
        continue
      }
      if time < last { isBalanced = false }
      last = time
      let track = event[11][0].value
      if names[track] == nil { isBalanced = false }
      let name = event[23].first?.text ?? ""
      for flow in event[47] { flows[flow.value, default: 0] += 1 }
      switch event[9][0].value {
      case 1:
        open[track, default: 0] += 1
        slices[name, default: 0] += 1
        places[name, default: []].insert(track)
      case 2:
        open[track, default: 0] -= 1
        if open[track, default: 0] < 0 { isBalanced = false }
      case 4:
        figures[names[track] ?? "", default: []].append(
          Double(bitPattern: event[44].first?.value ?? 0))
      default: instants[name, default: 0] += 1
      }
    }
    if open.values.contains(where: { $0 != 0 }) { isBalanced = false }
  }

  /// The names of the tracks that slices of a name lie on.
  func tracks(of slice: String) -> [String] { places[slice, default: []].compactMap { names[$0] } }
}
