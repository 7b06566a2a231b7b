/// An actor is asked and then told: between the two another task may have been there.
extension Program {
  static let actorCheck = tasks("actor_check", "asked and told in two calls") { isFixed in
    let shop = Shop()
    let till = Till()
    await withTaskGroup { group in
      for _ in 0..<2 {
        group.addTask {
          if isFixed {
            await shop.sellIfThere()
          } else if await shop.hasOne {
            await till.open()
            await shop.sell()
          }
        }
      }
    }
    check(await shop.left == 0, "the last one was sold twice")
  }
}

private actor Shop {
  private(set) var left = 1
  var hasOne: Bool { left > 0 }
  func sell() { left -= 1 }
  func sellIfThere() { if left > 0 { left -= 1 } }
}

/// Called between, as the compiler makes one visit of two calls to one actor in a row.
private actor Till {
  func open() {}
}
