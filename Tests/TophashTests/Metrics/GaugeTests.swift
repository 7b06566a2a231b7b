import Testing
import Tophash

@Suite struct GaugeTests {
  private func value(_ name: String, _ gauges: [DictionaryGauge]) -> Double? {
    gauges.first { $0.name == name }?.value
  }

  @Test func `figures of each kind have one name each, and the values of the statistics`() {
    let concurrent = ConcurrentDictionary<Int, Int>()
    let readMostly = ReadMostlyDictionary<Int, Int>()
    let failFast = FailFastDictionary<Int, Int>()
    for key in 0..<1000 {
      concurrent.updateValue(key, forKey: key)
      readMostly.updateValue(key, forKey: key)
      failFast[key] = key
    }
    let all = [
      concurrent.statistics.gauges, readMostly.statistics.gauges, failFast.statistics.gauges,
    ]
    for gauges in all {
      #expect(Set(gauges.map(\.name)).count == gauges.count)
      #expect(value("count", gauges) == 1000)
      #expect(value("bytes", gauges)! > 8000)
    }
    #expect(value("growths", all[0])! > 0)
    #expect(value("doublings", all[2])! > 0)
  }
}
