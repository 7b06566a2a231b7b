// Looks up integers with and without the check for misuse, in turn. Built by ../fail-fast-check,
// in one module with the dictionary, so that it can leave the check out.

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

typealias Subject = FailFastDictionary<UInt64, UInt64>

extension FailFastDictionary {
  @inline(__always)
  func lookUpUnchecked(_ key: Key) -> Value? { find(key)?.entry.pointee.value }
}

func nanoseconds() -> Int {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// Nanoseconds of CPU time for a look-up.
@inline(__always)
func measure(_ count: Int, _ lookUp: (UInt64) -> UInt64?) -> Double {
  var x: UInt64 = 0x9e37_79b9_7f4a_7c15
  var sum: UInt64 = 0
  let operations = 1 << 18
  let begin = nanoseconds()
  for _ in 0..<operations {
    x ^= x &<< 13
    x ^= x &>> 7
    x ^= x &<< 17
    sum &+= lookUp(((x &>> 32) &* UInt64(count)) &>> 32) ?? 1
  }
  let spent = nanoseconds() - begin
  precondition(sum != 0)
  return Double(spent) / Double(operations)
}

@inline(never) func checked(_ subject: Subject, _ count: Int) -> Double {
  measure(count) { subject[$0] }
}
@inline(never) func unchecked(_ subject: Subject, _ count: Int) -> Double {
  measure(count) { subject.lookUpUnchecked($0) }
}

let rounds = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 201
print("| entries | ns | ns without the check | median ratio of \(rounds) rounds | middle half |")
print("|---:|---:|---:|---:|---:|")
for count in [1_000, 10_000, 1_000_000] {
  let subject = Subject()
  for number in 0..<UInt64(count) { subject[number] = number + 1 }
  _ = checked(subject, count) + unchecked(subject, count)
  var with: [Double] = []
  var without: [Double] = []
  var ratios: [Double] = []
  for round in 0..<rounds {
    // Which comes first alternates.
    let first = round % 2 == 0 ? checked(subject, count) : unchecked(subject, count)
    let second = round % 2 == 0 ? unchecked(subject, count) : checked(subject, count)
    let pair = round % 2 == 0 ? (first, second) : (second, first)
    with.append(pair.0)
    without.append(pair.1)
    ratios.append(pair.0 / pair.1)
  }
  func at(_ share: Double, _ values: [Double]) -> String {
    let value = values.sorted()[Int(share * Double(values.count - 1))]
    return "\((value * 1000).rounded() / 1000)"
  }
  print(
    "| \(count) | \(at(0.5, with)) | \(at(0.5, without)) | \(at(0.5, ratios)) "
      + "| \(at(0.25, ratios))–\(at(0.75, ratios)) |")
}
