import Synchronization

/// Finds code that can order accesses without a call that anybody could see.
///
/// `Mutex` and `Atomic` of the standard library are compiled into the functions that use them, to
/// single instructions. Four kinds of traces remain:
///
/// - *Locked instructions*, which everything but a plain load or store needs: the fast path of a
///   `Mutex` has them, and so has an exchange. The compiler makes them for little else: reference
///   counts are kept by the runtime's functions. They are looked for in a function and in what it
///   calls directly, within its image.
/// - *Types*: an atomic load or store is an ordinary instruction on x86-64. But somebody declared
///   the atomic, mostly in the type whose methods use it.
/// - *Objects*: whoever uses an atomic of an object of such a type in another place got the object
///   from somewhere: it made it, or it is a closure in a function that made it, or the variable
///   lies in that very object.
/// - *Globals*: code that loads or stores a global `Atomic` refers to it, and the symbol tells its
///   type. So does that of a global whose type holds an atomic.
///
/// A function without a frame pointer hides its caller, since the stacks of past accesses are read
/// by these: there, whoever may have called it counts.
///
/// So the answer "no" is uncertain only for code that loads and stores the atomics of an object
/// that it got as an argument. There, what an access that is held open makes wait
/// tells (`Tried`).
package final class HiddenOrder: Sendable {
  let images: ImageSet

  struct Known {
    var functions: [Function: Bool] = [:]
    var types: [String: Set<String>] = [:]
    var makers: [Function: Bool] = [:]
    var calls: [String: Calls] = [:]
    var callFrames: [String: CallFrameTable?] = [:]
  }

  struct Function: Hashable {
    var image: String
    var start: UInt64
    var depth: Int
  }

  let known = Mutex(Known())

  /// How far calls are followed: `withLock`-like helpers are at most a wrapper in a wrapper.
  static let depth = 2

  package init(images: [LoadedImage], cache: ElfImageCache = ElfImageCache()) {
    self.images = ImageSet(images, cache: cache)
  }

  /// Whether the functions of a stack may order accesses to `variable` on their own.
  package func mayOrder(_ stack: [Frame], accessing variable: Variable) -> Bool {
    stack.indices.contains { index in
      let frame = stack[index]
      if let module = frame.module, Self.atomicModules.contains(module) { return true }
      guard frame.origin == .own else { return false }
      // A call may be the last instruction of its function: the place of the call is looked up.
      let call = frame.address &- 1
      return isMethodOfAtomicType(frame) || isPartOfAtomicType(variable, seenFrom: frame)
        || hasLockedInstruction(at: call) || hasAtomicObject(frame)
        || hidesOrder(
          at: call, before: stack[index...].first { $0.address != frame.address }?.address)
    }
  }

  static let atomicModules: Set<String> = ["Synchronization", "Atomics"]
}
