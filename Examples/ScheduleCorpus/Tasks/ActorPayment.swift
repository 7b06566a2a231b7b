/// An actor that awaits in the middle of a change lets others in: what it had asked before is no
/// longer so (reentrancy).
extension Program {
  static let actorPayment = tasks("actor_payment", "awaits between asking and changing") {
    isFixed in
    let wallet = Wallet()
    await withTaskGroup { group in
      for _ in 0..<2 {
        group.addTask { isFixed ? await wallet.payAndNote(80) : await wallet.noteAndPay(80) }
      }
    }
    check(await wallet.balance >= 0, "more was paid than there was")
  }
}

private actor Wallet {
  private(set) var balance = 100
  private let journal = Journal()

  func noteAndPay(_ price: Int) async {
    guard balance >= price else { return }
    await journal.note(price)
    balance -= price
  }

  func payAndNote(_ price: Int) async {
    guard balance >= price else { return }
    balance -= price
    await journal.note(price)
  }
}

private actor Journal {
  private var prices: [Int] = []
  func note(_ price: Int) { prices.append(price) }
}
