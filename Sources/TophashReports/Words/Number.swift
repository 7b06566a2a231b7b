/// Numbers as reports write them.
package enum Number {
  /// `1,234,567`.
  package static func grouped(_ number: UInt64) -> String {
    var result = ""
    let digits = String(number)
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { result.append(",") }
      result.append(digit)
    }
    return result
  }

  /// `1 finding`, `2 findings`.
  package static func counted(_ number: UInt64, _ singular: String, _ plural: String? = nil)
    -> String
  {
    "\(grouped(number)) " + (number == 1 ? singular : plural ?? singular + "s")
  }

  /// `12 %`; small shares do not round to nothing, nor large ones to all.
  package static func percent(_ share: Double) -> String {
    let percent = share * 100
    if percent > 0, percent < 1 { return "< 1 %" }
    if percent > 99, percent < 100 { return "> 99 %" }
    return "\(Int(percent.rounded())) %"
  }

  /// `850 µs`, `12 ms`, `1.5 s`.
  package static func duration(nanoseconds: UInt64) -> String {
    switch nanoseconds {
    case 0: "0 s"
    case ..<1_000_000: "\(max(1, nanoseconds / 1000)) µs"
    case ..<1_000_000_000: "\(nanoseconds / 1_000_000) ms"
    default: "\(nanoseconds / 1_000_000_000).\(nanoseconds / 100_000_000 % 10) s"
    }
  }

  /// The same with three digits, for figures that are compared: `850 µs`, `12.3 ms`, `1.47 s`.
  package static func time(_ nanoseconds: UInt64) -> String {
    let (value, unit) =
      switch nanoseconds {
      case ..<1_000: (Double(nanoseconds), "ns")
      case ..<1_000_000: (Double(nanoseconds) / 1e3, "µs")
      case ..<1_000_000_000: (Double(nanoseconds) / 1e6, "ms")
      default: (Double(nanoseconds) / 1e9, "s")
      }
    let digits = unit == "ns" || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2
    let scale = [1.0, 10, 100][digits]
    let scaled = Int((value * scale).rounded())
    if digits == 0 { return "\(scaled) \(unit)" }
    let rest = String(scaled % Int(scale))
    return
      "\(scaled / Int(scale)).\(String(repeating: "0", count: digits - rest.count))\(rest) \(unit)"
  }
}
