import TophashSymbols

@testable import TophashTrace

/// A frame of the program's own code.
func frame(_ function: String, line: Int = 1, isInlined: Bool = false, image: String = "/app")
  -> Frame
{
  Frame(
    address: 1, image: image, offset: 1, symbol: nil, function: function, module: nil,
    location: SourceLocation(file: "/src/\(function).swift", line: line, column: 3),
    isInlined: isInlined)
}

func sample(
  _ kind: WaitKind, _ stack: [Frame], of subject: String? = nil, count: UInt64 = 1, total: UInt64,
  unfinished: UInt64 = 0
) -> WaitProfile.Sample {
  WaitProfile.Sample(
    kind: kind, subject: subject, stack: stack, count: count, total: total, longest: total,
    unfinished: unfinished)
}
