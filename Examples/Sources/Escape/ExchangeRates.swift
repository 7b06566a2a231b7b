import Gallery
import Synchronization

/// What a euro costs. Racy: a global is shared by whoever can name it.
nonisolated(unsafe) var exchangeRates = ["USD": 1.08, "JPY": 161.0, "CHF": 0.97]

func quote(_ currency: String, rate: Double) {
  exchangeRates[currency] = rate  // race: quote
}

func convert(_ euros: Double, to currency: String) -> Double {
  euros * (exchangeRates[currency] ?? 1)  // race: convert
}

/// Fixed: a global as well, but a constant one that guards itself.
let guardedExchangeRates = Mutex(["USD": 1.08, "JPY": 161.0, "CHF": 0.97])

let global = Scenario("global") {
  [
    Worker("ticker") { quote("JPY", rate: 160 + Double($0)) },
    Worker("till") { precondition(convert(Double($0), to: "USD") >= 0) },
  ]
} fixed: {
  [
    Worker("ticker") { round in
      guardedExchangeRates.withLock { $0["JPY"] = 160 + Double(round) }
    },
    Worker("till") { round in
      let rate = guardedExchangeRates.withLock { $0["USD"] ?? 1 }
      precondition(Double(round) * rate >= 0)
    },
  ]
}
