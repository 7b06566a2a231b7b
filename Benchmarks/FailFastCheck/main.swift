// Looks up integers with and without the check for misuse, in turn. Built by ../fail-fast-check,
// in one module with the dictionary, so that it can leave the check out.
//
//   check [ROUNDS]                    a table of CPU times
//   check count WAY CHECK OPERATIONS  nothing but that many look-ups, for callgrind to count

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

typealias Subject = FailFastDictionary<UInt64, UInt64>

extension FailFastDictionary {
  /// A look-up as a dictionary would have it that never looks at its access word.
  @inline(__always)
  func lookUpUnchecked(_ key: Key) -> Value? {
    guard _fastPath(old == nil && !hasher.isKeyed) else { return searchUnchecked(key) }
    return findInOneArray(key)?.entry.pointee.value
  }

  @inline(never)
  func searchUnchecked(_ key: Key) -> Value? { find(key)?.entry.pointee.value }
}

// MARK: Ways to look up

/// In a loop that does nothing else, so that the compiler may read the dictionary's fields once
/// for all look-ups, unless each of them has to see what others do.
@inline(never) func loopChecked(_ subject: Subject, _ count: UInt64, _ operations: Int) -> UInt64 {
  loop(count, operations) { subject.lookUp($0) }
}
@inline(never) func loopUnchecked(_ subject: Subject, _ count: UInt64, _ operations: Int) -> UInt64
{
  loop(count, operations) { subject.lookUpUnchecked($0) }
}

/// Each by itself, between other things that the compiler cannot see through.
@inline(never) func callChecked(_ subject: Subject, _ count: UInt64, _ operations: Int) -> UInt64 {
  loop(count, operations) { oneChecked(subject, $0) }
}
@inline(never) func callUnchecked(_ subject: Subject, _ count: UInt64, _ operations: Int) -> UInt64
{
  loop(count, operations) { oneUnchecked(subject, $0) }
}
@inline(never) func oneChecked(_ subject: Subject, _ key: UInt64) -> UInt64? {
  subject.lookUp(key)
}
@inline(never) func oneUnchecked(_ subject: Subject, _ key: UInt64) -> UInt64? {
  subject.lookUpUnchecked(key)
}

@inline(__always)
func loop(_ count: UInt64, _ operations: Int, _ lookUp: (UInt64) -> UInt64?) -> UInt64 {
  var x: UInt64 = 0x9e37_79b9_7f4a_7c15
  var sum: UInt64 = 0
  for _ in 0..<operations {
    x ^= x &<< 13
    x ^= x &>> 7
    x ^= x &<< 17
    sum &+= lookUp(((x &>> 32) &* count) &>> 32) ?? 1
  }
  return sum
}

typealias Way = (
  name: String, checked: (Subject, UInt64, Int) -> UInt64,
  unchecked: (Subject, UInt64, Int) -> UInt64
)
let ways: [Way] = [
  ("call", callChecked, callUnchecked), ("loop", loopChecked, loopUnchecked),
]

// MARK: Counting and measuring

func makeSubject(_ count: UInt64) -> Subject {
  let subject = Subject()
  for number in 0..<count { subject[number] = number + 1 }
  precondition(subject.statistics.growth == nil)
  return subject
}

func nanoseconds() -> Int {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

/// Nanoseconds of CPU time for a look-up.
func measure(_ subject: Subject, _ count: UInt64, _ body: (Subject, UInt64, Int) -> UInt64)
  -> Double
{
  let operations = 1 << 17
  let begin = nanoseconds()
  let sum = body(subject, count, operations)
  let spent = nanoseconds() - begin
  precondition(sum != 0)
  return Double(spent) / Double(operations)
}

let arguments = Array(CommandLine.arguments.dropFirst())
if arguments.first == "count" {
  let way = ways.first { $0.name == arguments[1] }!
  let body = arguments[2] == "checked" ? way.checked : way.unchecked
  precondition(body(makeSubject(1000), 1000, Int(arguments[3])!) != 0)
  exit(0)
}

let rounds = arguments.first.flatMap { Int($0) } ?? 201
print(
  "| way | entries | ns | ns without the check | median ratio of \(rounds) rounds | middle half |")
print("|---|---:|---:|---:|---:|---:|")
for way in ways {
  for count: UInt64 in [1_000, 10_000, 1_000_000] {
    let subject = makeSubject(count)
    _ = measure(subject, count, way.checked) + measure(subject, count, way.unchecked)
    var with: [Double] = []
    var without: [Double] = []
    var ratios: [Double] = []
    for round in 0..<rounds {
      // Which comes first alternates.
      let isFirst = round % 2 == 0
      let first = measure(subject, count, isFirst ? way.checked : way.unchecked)
      let second = measure(subject, count, isFirst ? way.unchecked : way.checked)
      let pair = isFirst ? (first, second) : (second, first)
      with.append(pair.0)
      without.append(pair.1)
      ratios.append(pair.0 / pair.1)
    }
    func at(_ share: Double, _ values: [Double]) -> String {
      let value = values.sorted()[Int(share * Double(values.count - 1))]
      return "\((value * 1000).rounded() / 1000)"
    }
    print(
      "| \(way.name) | \(count) | \(at(0.5, with)) | \(at(0.5, without)) | \(at(0.5, ratios)) "
        + "| \(at(0.25, ratios))–\(at(0.75, ratios)) |")
  }
}
