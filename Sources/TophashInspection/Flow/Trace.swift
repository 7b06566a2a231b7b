/// What one function does with memory and with other functions.
struct Trace {
  /// Whom a call reaches.
  enum Target: Hashable {
    case function(UInt64)
    /// A symbol that another image defines, or the runtime when it is linked in.
    case symbol(String)
    case unknown
  }

  struct Call {
    var address: UInt64
    /// What the probe calls the site.
    var returnAddress: UInt64
    var target: Target
    /// Those in integer registers.
    var arguments: [Value]
    /// The one in the register for `self` and for closures' contexts.
    var context: Value
    /// The one in the register for the asynchronous frame.
    var frame: Value
  }

  /// A load or a store, outside of the stack.
  struct Touch {
    var address: UInt64
    var place: Value
    var writes: Bool
    /// In words, for writes.
    var words: Int64
  }

  /// A word that is put into memory.
  struct Store {
    var address: UInt64
    var place: Value
    var value: Value
  }

  /// A function value: the code and, next to it, the context that it will be called with.
  struct Closure {
    /// Of the call that it is given to, or 0.
    var address: UInt64
    var code: UInt64
    var context: Value
    /// What the context holds after its header, when it lies on the stack.
    var words: [Value] = []
  }

  var origins = Origins()
  var calls: [Call] = []
  var touches: [Touch] = []
  var stores: [Store] = []
  var closures: [Closure] = []
  /// False when a part of the function is not code that could be read.
  var isComplete = true
}
