import TophashSymbols

/// Something in the heap, as far as its kind is known without running the program.
enum Object: Hashable {
  /// An object of that class, by its full name, or of a subclass.
  case instance(String)
  /// What one place allocates for captured variables: a box, or a closure's context.
  case captured(site: UInt64, metadata: UInt64)
  /// The frame of an asynchronous function.
  case frame(String)
}

/// What an address points at.
enum Place: Hashable {
  case image(UInt64)
  case object(Object, Int64)

  static func + (place: Place, offset: Int64) -> Place {
    switch place {
    case .image(let address): .image(address &+ UInt64(bitPattern: offset))
    case .object(let object, let start): .object(object, start &+ offset)
    }
  }
}

/// What holds between functions: with what closures are called, and what their contexts hold.
///
/// Learned from all functions, again and again, since each answer may lead to others.
struct Facts: Equatable {
  /// A word that several places set.
  private enum Word: Hashable {
    case one(Place)
    case several
  }

  private struct Parameter: Hashable {
    var function: UInt64
    var register: UInt8
  }

  private struct Field: Hashable {
    var object: Object
    var offset: Int64
  }

  private var parameters: [Parameter: Word] = [:]
  private var fields: [Field: Word] = [:]

  func parameter(_ register: UInt8, of function: UInt64) -> Place? {
    if case .one(let place)? = parameters[Parameter(function: function, register: register)] {
      return place
    }
    return nil
  }

  func field(_ offset: Int64, of object: Object) -> Place? {
    if case .one(let place)? = fields[Field(object: object, offset: offset)] { return place }
    return nil
  }

  /// A call that is not understood says nothing: the types of what a closure captures are the
  /// same in all calls.
  mutating func notePassed(_ place: Place?, in register: UInt8, to function: UInt64) {
    guard let place else { return }
    let key = Parameter(function: function, register: register)
    parameters[key] = Self.merged(parameters[key], .one(place))
  }

  /// The words of frames are used for one thing after the other, so that one store which is not
  /// understood leaves none of them certain. A context is filled once.
  mutating func noteStored(_ place: Place?, at offset: Int64, of object: Object) {
    let key = Field(object: object, offset: offset)
    if let place {
      fields[key] = Self.merged(fields[key], .one(place))
    } else if case .frame = object {
      fields[key] = .several
    }
  }

  private static func merged(_ known: Word?, _ new: Word) -> Word {
    known == nil || known == new ? new : .several
  }
}
