// An actor that is asked and then told: between the two, another task may come.
// With "fixed", asking and telling are one call.

actor Store {
  private var stock = 1
  func has() -> Bool { stock > 0 }
  func take() { stock -= 1 }
  func takeIfThere() -> Bool {
    guard stock > 0 else { return false }
    stock -= 1
    return true
  }
  var left: Int { stock }
}

actor Log {
  func note() {}
}

@main struct Tasks {
  static func main() async {
    let isFixed = CommandLine.arguments.contains("fixed")
    let store = Store()
    let log = Log()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<2 {
        group.addTask {
          if isFixed {
            _ = await store.takeIfThere()
          } else if await store.has() {
            await log.note()
            await store.take()
          }
        }
      }
    }
    try? await Task.sleep(for: .seconds(60))
    if await store.left < 0 { fatalError("sold twice") }
  }
}
