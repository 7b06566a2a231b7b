// The workload of ../../../../README.md, for any map.

import Foundation
import Synchronization

/// A map under test. `@unchecked Sendable` where it is for one thread only: it is asked for no more.
public protocol TestedMap<Key, Value>: AnyObject, Sendable {
  associatedtype Key: WorkloadKey
  associatedtype Value: WorkloadValue
  init()
  func get(_ key: Key) -> Value?
  func put(_ key: Key, _ value: Value)
  func remove(_ key: Key)
}

@frozen
public struct Mix: Sendable {
  /// Out of 100; the rest removes.
  @usableFromInline let gets, puts: UInt64
  /// Keys are drawn from this times the number of entries.
  @usableFromInline let spread: UInt64
  @usableFromInline let isZipf, isHot: Bool

  @usableFromInline static let all: [String: Mix] = [
    "get100": Mix(gets: 100, puts: 0, spread: 1, isZipf: false, isHot: false),
    "get95": Mix(gets: 95, puts: 5, spread: 1, isZipf: false, isHot: false),
    "get50": Mix(gets: 50, puts: 50, spread: 1, isZipf: false, isHot: false),
    "mix80": Mix(gets: 80, puts: 10, spread: 2, isZipf: false, isHot: false),
    "zget100": Mix(gets: 100, puts: 0, spread: 1, isZipf: true, isHot: false),
    "zget95": Mix(gets: 95, puts: 5, spread: 1, isZipf: true, isHot: false),
    "hot": Mix(gets: 0, puts: 100, spread: 1, isZipf: false, isHot: true),
  ]
}

@frozen
public struct Part: Sendable {
  @usableFromInline var ops = 0, gets = 0, hits = 0, cpu = 0, start = 0, end = 0
  @usableFromInline var sum: UInt64 = 0
  @inlinable init() {}
}

@inlinable
func work<Map: TestedMap>(
  _ map: Map, _ keys: Queries<Map.Key>, _ mix: Mix, _ n: Int, _ zipf: [UInt32], _ thread: Int,
  _ window: Int
) -> Part {
  var part = Part()
  var x = mix64(UInt64(thread) + 1) | 1
  let range = UInt64(n) * mix.spread
  var at = Int(x % UInt64(zipfLength))
  part.start = nanoseconds(CLOCK_MONOTONIC)
  let begin = nanoseconds(CLOCK_THREAD_CPUTIME_ID)
  repeat {
    for _ in 0..<1_024 {
      x = xorshift(x)
      let index: UInt64
      if mix.isHot {
        index = 0
      } else if mix.isZipf {
        index = UInt64(zipf[at & (zipfLength - 1)])
        at += 1
      } else {
        index = ((x &>> 32) &* range) &>> 32
      }
      let choice = ((x & 0xffff_ffff) &* 100) &>> 32
      if choice < mix.gets {
        if let value = map.get(keys[index]) {
          part.hits += 1
          part.sum &+= value.number
        }
        part.gets += 1
      } else if choice < mix.gets + mix.puts {
        map.put(keys[index], Map.Value(x))
      } else {
        map.remove(keys[index])
      }
    }
    part.ops += 1_024
    part.cpu = nanoseconds(CLOCK_THREAD_CPUTIME_ID) - begin
  } while part.cpu < window
  part.end = nanoseconds(CLOCK_MONOTONIC)
  return part
}

@inlinable
func together<Map: TestedMap>(
  _ map: Map, _ keys: Queries<Map.Key>, _ mix: Mix, _ n: Int, _ zipf: [UInt32], threads: Int,
  _ window: Int
) -> [Part] {
  let crew = Crew()
  for thread in 0..<threads {
    Thread.detachNewThread {
      crew.arrived.wrappingAdd(1, ordering: .acquiringAndReleasing)
      while crew.arrived.load(ordering: .acquiring) < threads { sched_yield() }
      let part = work(map, keys, mix, n, zipf, thread, window)
      crew.parts.withLock { $0.append(part) }
      crew.done.signal()
    }
  }
  for _ in 0..<threads { crew.done.wait() }
  return crew.parts.withLock { $0 }
}

@usableFromInline
final class Crew: Sendable {
  @usableFromInline let arrived = Atomic(0)
  @usableFromInline let parts = Mutex<[Part]>([])
  @usableFromInline let done = DispatchSemaphore(value: 0)
  @usableFromInline init() {}
}

@inlinable
public func cells<Map: TestedMap>(
  _: Map.Type, n: Int, window: Int, warmup: Int, names: ArraySlice<String>
) {
  let map = Map()
  for index in 0..<UInt64(n) { map.put(Map.Key.make(index), Map.Value(index)) }
  let keys = Queries<Map.Key>(count: 2 * n)
  let zipf = zipfIndices(n)
  for name in names {
    let words = name.split(separator: ":")
    guard words.count == 2, let mix = Mix.all[String(words[0])], let threads = Int(words[1]) else {
      fail("unknown mix: \(name)")
    }
    _ = together(map, keys, mix, n, zipf, threads: threads, warmup)
    report(name, together(map, keys, mix, n, zipf, threads: threads, window))
  }
}

@usableFromInline
func report(_ name: String, _ parts: [Part]) {
  let threads = parts.map {
    #"{"ops":\#($0.ops),"gets":\#($0.gets),"hits":\#($0.hits),"cpu_ns":\#($0.cpu)}"#
  }
  let wall = parts.map(\.end).max()! - parts.map(\.start).min()!
  let sum = parts.reduce(0) { $0 &+ $1.sum }
  print(
    #"{"cell":"\#(name)","threads":[\#(threads.joined(separator: ","))],"#
      + #""wall_ns":\#(wall),"sum":\#(sum)}"#)
}

@usableFromInline
func fail(_ message: String) -> Never {
  FileHandle.standardError.write(Data((message + "\n").utf8))
  exit(64)
}

// MARK: Growing from empty

@usableFromInline
func residentBytes() -> Int {
  let statm = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
  return (Int(statm.split(separator: " ").dropFirst().first ?? "") ?? 0)
    * sysconf(Int32(_SC_PAGESIZE))
}

@inlinable
public func grow<Map: TestedMap<UInt64, UInt64>>(_: Map.Type, n: Int) {
  var histogram = [Int](repeating: 0, count: 64)  // index: the bit length of the nanoseconds
  var worst = 0
  var memory: [String] = []
  _ = residentBytes()
  let before = residentBytes()
  let map = Map()
  let begin = nanoseconds(CLOCK_THREAD_CPUTIME_ID)
  var last = begin
  for index in 0..<n {
    map.put(mix64(UInt64(index)), UInt64(index))
    let now = nanoseconds(CLOCK_THREAD_CPUTIME_ID)
    let spent = now - last
    histogram[64 - (spent | 1).leadingZeroBitCount] += 1
    worst = max(worst, spent)
    last = now
    if (index + 1) % 100_000 == 0 {
      memory.append("[\(index + 1),\(residentBytes() - before)]")
      last = nanoseconds(CLOCK_THREAD_CPUTIME_ID)
    }
  }
  let counts = histogram.map(String.init).joined(separator: ",")
  print(
    #"{"cell":"grow","n":\#(n),"cpu_ns":\#(last - begin),"worst_ns":\#(worst),"#
      + #""memory":[\#(memory.joined(separator: ","))],"histogram":[\#(counts)]}"#)
  withExtendedLifetime(map) {}
}

// MARK: The command line

/// `PEER MAP int|str|ref|grow N [WINDOW_MS WARMUP_MS MIX:THREADS…]`
@inlinable
public func run<
  Integers: TestedMap<UInt64, UInt64>, Strings: TestedMap<String, UInt64>,
  Objects: TestedMap<Id, Box>
>(_: Integers.Type, _: Strings.Type, _: Objects.Type) {
  let arguments = CommandLine.arguments
  guard arguments.count > 3, let n = Int(arguments[3]) else { fail("usage: see README.md") }
  if arguments[2] == "grow" { return grow(Integers.self, n: n) }
  guard arguments.count > 6, let window = Int(arguments[4]), let warmup = Int(arguments[5]) else {
    fail("usage: see README.md")
  }
  let names = arguments[6...]
  let ms = 1_000_000
  switch arguments[2] {
  case "int": cells(Integers.self, n: n, window: window * ms, warmup: warmup * ms, names: names)
  case "str": cells(Strings.self, n: n, window: window * ms, warmup: warmup * ms, names: names)
  case "ref": cells(Objects.self, n: n, window: window * ms, warmup: warmup * ms, names: names)
  default: fail("no such keys: \(arguments[2])")
  }
}
