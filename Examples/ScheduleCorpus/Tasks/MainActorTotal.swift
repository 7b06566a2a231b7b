/// Reads a value of the main actor, and writes it back in another call.
extension Program {
  static let mainActorTotal = tasks("main_actor", "read and written in two calls") { isFixed in
    let model = Model()
    await withTaskGroup { group in
      for _ in 0..<2 {
        group.addTask {
          if isFixed {
            await model.addOne()
          } else {
            let before = await model.total
            await model.set(before + 1)
          }
        }
      }
    }
    check(await model.total == 2, "a change was lost")
  }
}

@MainActor private final class Model {
  private(set) var total = 0
  func set(_ total: Int) { self.total = total }
  func addOne() { total += 1 }
}
