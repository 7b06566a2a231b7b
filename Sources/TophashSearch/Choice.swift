/// One deviation from the plain order of threads.
///
/// In the plain order a thread goes on until it cannot, and then the next one by number does.
package struct Choice: Hashable, Sendable {
  /// The thread that ran, numbered from 0 in the order of creation.
  package var thread: Int
  /// How many points it had come to: counted for each thread apart, so that a choice keeps its
  /// meaning when another one is taken away.
  package var step: Int
  /// Who went on in its place.
  package var next: Int

  package init(thread: Int, step: Int, next: Int) {
    self.thread = thread
    self.step = step
    self.next = next
  }
}
