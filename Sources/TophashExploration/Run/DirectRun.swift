import Glibc
import TophashSearch

/// A run in a program that somebody else starts, such as a debugger.
package final class DirectRun {
  private let file: SharedFile

  /// What the program is to find in its environment.
  package let control: [String: String]

  package init(
    _ program: ForkServer.Program, following choices: [Choice], stepLimit: Int
  ) throws(ForkServer.Trouble) {
    guard let file = SharedFile(path: "\(program.directory)/schedule-direct") else {
      throw .files(errno)
    }
    self.file = file
    file.write(lockedInstructions: program.lockedInstructions)
    var order = Order(plan: .replay(choices))
    order.stepLimit = stepLimit
    order.isDirect = true
    order.delay = .max
    file.write(order)
    control = program.control(file: file.path)
  }

  /// What became of it so far.
  package var account: Account { file.account(isDetailed: false) }
}

extension ForkServer.Program {
  /// What brings a program under control, as variables of its environment.
  func control(file: String) -> [String: String] {
    let others = environment["LD_PRELOAD"].flatMap { $0.isEmpty ? nil : ":" + $0 } ?? ""
    var variables = [
      "LD_PRELOAD": library + others,
      "TOPHASH_EXPLORE": file,
      "SWIFT_DETERMINISTIC_HASHING": "1",
      // It would wait for a child of its own, in virtual time.
      "SWIFT_BACKTRACE": "enable=no",
    ]
    if randomizesAddresses { variables["TOPHASH_EXPLORE_ASLR"] = "1" }
    return variables
  }
}
