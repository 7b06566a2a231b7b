import Foundation

/// That something was pushed once does not mean that something is there.
extension Program {
  static let stack = threads("stack", "something was there once") { isFixed in
    let stack = Stack()
    onThreads([
      { for number in 1...3 { stack.push(number) } },
      { for _ in 1...3 { isFixed ? stack.popIfThere() : stack.popIfPushed() } },
    ])
  }
}

private final class Stack: @unchecked Sendable {
  private let lock = NSLock()
  private var numbers: [Int] = []
  private var wasPushed = false

  func push(_ number: Int) {
    lock.withLock {
      numbers.append(number)
      wasPushed = true
    }
  }

  func popIfPushed() {
    lock.withLock {
      guard wasPushed else { return }
      check(!numbers.isEmpty, "nothing is left on the stack")
      numbers.removeLast()
    }
  }

  func popIfThere() {
    lock.withLock { _ = numbers.popLast() }
  }
}
