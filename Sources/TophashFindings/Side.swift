import TophashSymbols

/// One of the two accesses of a finding, in words.
package struct Side: Hashable, Sendable {
  package enum Operation: String, Hashable, Sendable, Codable {
    case read, modify
  }

  package var operation: Operation
  package var owner: Owner
  /// The thread that ran the owner at that moment.
  package var threadID: Int32
  package var threadName: String?
  /// Of the Dispatch queue it ran on.
  package var queue: String?
  /// Innermost first; the first one is that of the access itself.
  package var stack: [Frame]
  /// The callers that await this one, innermost first.
  package var awaitedBy: [Frame]
  /// The index in `stack` of the frame to show for the whole: the innermost one in the
  /// program's own code; `nil` when no frame is the program's own.
  package var siteIndex: Int?
  /// True when a trap held this access open so that the two could meet.
  package var isHeld: Bool
  /// True when the task was suspended within the access: only its site is known.
  package var isSuspended: Bool
  /// True when the access was still open after its stack had been read.
  package var hasExactStack: Bool
  /// The test that made the access, or started what made it; `nil` when that is not known.
  package var test: TestReference?

  package init(
    operation: Operation, owner: Owner, threadID: Int32, threadName: String? = nil,
    queue: String? = nil, stack: [Frame], awaitedBy: [Frame] = [], siteIndex: Int? = 0,
    isHeld: Bool = false, isSuspended: Bool = false, hasExactStack: Bool = true,
    test: TestReference? = nil
  ) {
    self.operation = operation
    self.owner = owner
    self.threadID = threadID
    self.threadName = threadName
    self.queue = queue
    self.stack = stack
    self.awaitedBy = awaitedBy
    self.siteIndex = siteIndex
    self.isHeld = isHeld
    self.isSuspended = isSuspended
    self.hasExactStack = hasExactStack
    self.test = test
  }

  /// The frame to show for the whole: the site, else the innermost frame there is.
  package var site: Frame? {
    siteIndex.flatMap { stack.indices.contains($0) ? stack[$0] : nil } ?? stack.first
  }
}
