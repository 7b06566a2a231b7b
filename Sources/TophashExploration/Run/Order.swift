import TophashSearch

/// What a run is to do.
package struct Order: Sendable {
  package var plan: Plan
  /// How many steps a run is believed to have.
  package var length = 100
  /// A run of more steps does not end, as far as anybody can tell.
  package var stepLimit = Order.usualStepLimit
  package static let usualStepLimit = 1_000_000
  /// Keep where others could have gone on.
  package var keepsCrossroads = false
  /// Keep every point with its stack.
  package var isDetailed = false
  /// How much virtual time may pass in the run, in all, while somebody could go on: so that those
  /// who sleep meanwhile are let in. In milliseconds.
  package var delay = Order.usualDelay
  /// Less than the second that a timeout mostly is.
  package static let usualDelay = 500
  /// How long a run may stay without progress, in milliseconds of real time.
  package var realLimit = 10_000

  /// The program is to run it in its first process, without a server: for a debugger.
  package var isDirect = false

  package init(plan: Plan) {
    self.plan = plan
  }
}
