/// Two requests are on their way, and the answer to the earlier one comes last.
extension Program {
  static let staleAnswer = tasks("stale_answer", "the earlier answer comes last") { isFixed in
    let page = Page()
    let first = await page.begin()
    let second = await page.begin()
    await withTaskGroup { group in
      for request in [first, second] {
        group.addTask { await page.show(request, unlessLater: isFixed) }
      }
    }
    check(await page.shown == second, "the page shows the answer to the earlier request")
  }
}

private actor Page {
  private var latest = 0
  private(set) var shown = 0

  func begin() -> Int {
    latest += 1
    return latest
  }

  func show(_ request: Int, unlessLater: Bool) {
    if unlessLater, request != latest { return }
    shown = request
  }
}
