import Foundation

@inlinable
public func mix64(_ number: UInt64) -> UInt64 {
  var x = number &+ 0x9e37_79b9_7f4a_7c15
  x = (x ^ (x &>> 30)) &* 0xbf58_476d_1ce4_e5b9
  x = (x ^ (x &>> 27)) &* 0x94d0_49bb_1331_11eb
  return x ^ (x &>> 31)
}

@inlinable
func xorshift(_ number: UInt64) -> UInt64 {
  var x = number
  x ^= x &<< 13
  x ^= x &>> 7
  return x ^ (x &<< 17)
}

@inlinable var zipfLength: Int { 1 << 20 }

@usableFromInline
func zipfIndices(_ n: Int) -> [UInt32] {
  var sum = 0.0
  let sums = (0..<n).map { index in
    sum += pow(Double(index + 1), -0.99)
    return sum
  }
  var x: UInt64 = 0x2545_f491_4f6c_dd1d
  return (0..<zipfLength).map { _ in
    x = xorshift(x)
    let bound = Double(x >> 11) / Double(UInt64(1) << 53) * sum
    var low = 0
    var high = n
    while low < high {
      let middle = (low + high) / 2
      if sums[middle] < bound { low = middle + 1 } else { high = middle }
    }
    return UInt32(min(n - 1, low))
  }
}

@usableFromInline
func nanoseconds(_ clock: clockid_t) -> Int {
  var time = timespec()
  clock_gettime(clock, &time)
  return time.tv_sec * 1_000_000_000 + time.tv_nsec
}
