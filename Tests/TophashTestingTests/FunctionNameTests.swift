import Testing

@testable import TophashTaskOrder

@Suite struct FunctionNameTests {
  @Test(
    arguments: [
      (
        "(1) suspend resume partial function for CartTests.Till.sell(Swift.Int) async -> ()",
        "Till.sell"
      ),
      (
        "(2) await resume partial function for CartTests.Till.(printReceipt in _0860B5E1A7C1)() async -> ()",
        "Till.printReceipt"
      ),
      (
        "closure #1 @Sendable () async -> () in CartTests.TillTests.`two sales`() async throws -> ()",
        "closure #1 in TillTests.`two sales`"
      ),
      ("CartTests.Till.total.getter : Swift.Int", "Till.total.getter"),
      ("async function pointer to partial apply forwarder for closure #1 in main.f()", nil),
      ("reabstraction thunk helper for main.f()", nil),
    ] as [(String, String?)])
  func `a name is short`(_ demangled: String, _ short: String?) {
    #expect(FunctionName(demangled)?.text == short)
  }

  @Test func `functions of this program have names, others have none`() async {
    let run = await Task(executorPreference: OwnThread()) {
      TaskOrderRunner().run(.plain, keepsEvents: true) {
        let account = Account()
        async let one: Void = account.deposit(10)
        async let other: Void = account.deposit(10)
        _ = await (one, other)
      }
    }.value
    let names = run.events.compactMap { FunctionName(at: $0.function)?.text }
    #expect(names.contains("Account.deposit"), "\(names)")
    #expect(names.contains("Account.audit"), "\(names)")
    #expect(FunctionName(at: 0) == nil)
  }
}
