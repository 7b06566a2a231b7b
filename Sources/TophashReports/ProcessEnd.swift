/// How a process ended.
package enum ProcessEnd: Hashable, Sendable {
  case exited(Int32)
  case signalled(Int32)

  /// Decodes a status of `waitpid`; `nil` when the process only stopped or went on.
  package init?(waitStatus status: Int32) {
    let signal = status & 0x7f
    switch signal {
    case 0: self = .exited((status >> 8) & 0xff)
    case 0x7f: return nil
    default: self = .signalled(signal)
    }
  }
}
