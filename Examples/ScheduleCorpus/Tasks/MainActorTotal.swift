/// Reads a value of the main actor, and writes it back in another call. Somebody who takes longer
/// to get there changes it between the two, when it does not take that long.
extension Program {
  static let mainActorTotal = tasks("main_actor", "read and written in two calls") { isFixed in
    let model = Model()
    let journal = Journal()
    await withTaskGroup { group in
      group.addTask {
        if isFixed {
          await model.addOne()
        } else {
          let before = await model.total
          await model.set(before + 1)
        }
      }
      group.addTask {
        await model.refresh()
        await journal.note()
        await model.refresh()
        await journal.note()
        await model.addOne()
      }
    }
    check(await model.total == 2, "a change was lost")
  }
}

@MainActor private final class Model {
  private(set) var total = 0
  nonisolated init() {}
  func set(_ total: Int) { self.total = total }
  func addOne() { total += 1 }
  func refresh() {}
}

/// Called between, as the compiler makes one visit of two calls to one actor in a row.
private actor Journal {
  func note() {}
}
