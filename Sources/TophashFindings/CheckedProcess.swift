/// A process that ran under the probe, without what was recorded in it: what a report keeps.
package struct CheckedProcess: Hashable, Sendable {
  package var pid: Int32
  package var parent: Int32
  package var program: String
  /// Its own name first.
  package var arguments: [String]
  /// `nil` when the probe worked in it.
  package var refusal: EventHeader.Refusal?
  package var order: EventHeader.Order
  /// False for a process that was killed, crashed, or still ran when the report was made.
  package var hasExited: Bool
  package var coverage: Coverage

  package init(
    pid: Int32, parent: Int32, program: String, arguments: [String],
    refusal: EventHeader.Refusal?, order: EventHeader.Order, hasExited: Bool, coverage: Coverage
  ) {
    self.pid = pid
    self.parent = parent
    self.program = program
    self.arguments = arguments
    self.refusal = refusal
    self.order = order
    self.hasExited = hasExited
    self.coverage = coverage
  }

  package init(_ file: EventFile) {
    self.init(
      pid: file.header.pid, parent: file.header.parent, program: file.header.program,
      arguments: file.header.arguments, refusal: file.header.refusal, order: file.header.order,
      hasExited: file.header.end != nil, coverage: Coverage([file]))
  }
}
