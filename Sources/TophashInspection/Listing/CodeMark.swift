/// What an instruction means to somebody who asks what a function costs, and what guards it.
package enum CodeMark: String, Hashable, Sendable, CaseIterable, Codable {
  /// The runtime is told of an access that begins, or ends.
  case access
  case accessEnd
  /// No other processor comes between load and store.
  case locked
  /// A mutex, a semaphore, a queue: may wait.
  case wait
  case retain
  case release
  /// Is the storage of a collection shared?
  case uniqueness
  case allocation
  case deallocation
  /// A call of generic code, which asks at run time what the compiler did not know.
  case unspecialised
  /// Through a pointer: a closure, a method of a class that may be overridden, a requirement of a
  /// protocol.
  case indirect
  /// Any other call.
  case call
  /// Stops the program.
  case trap

  /// As it stands behind the instruction.
  package var words: String {
    switch self {
    case .access: "access begins"
    case .accessEnd: "access ends"
    case .locked: "locked"
    case .wait: "may wait"
    case .retain: "retain"
    case .release: "release"
    case .uniqueness: "is it shared?"
    case .allocation: "allocation"
    case .deallocation: "deallocation"
    case .unspecialised: "not specialised"
    case .indirect: "through a pointer"
    case .call: "call"
    case .trap: "stops"
    }
  }
}

extension CodeMark {
  /// What a call of a function by that symbol is; `demangled` is asked for Swift's own.
  init(symbol: String, demangled: (String) -> String?) {
    if let known = Self.runtime.first(where: { symbol.hasPrefix($0.prefix) }) {
      self = known.mark
    } else if symbol.hasPrefix("$s"), let name = demangled(symbol), Self.isGeneric(name) {
      self = .unspecialised
    } else {
      self = .call
    }
  }

  /// Longer prefixes first where one is that of another.
  private static let runtime: [(prefix: String, mark: CodeMark)] = [
    ("swift_beginAccess", .access), ("swift_endAccess", .accessEnd),
    ("swift_isUniquelyReferenced", .uniqueness), ("swift_isEscapingClosure", .uniqueness),
    ("swift_retain", .retain), ("swift_bridgeObjectRetain", .retain),
    ("swift_unknownObjectRetain", .retain), ("swift_unownedRetain", .retain),
    ("swift_release", .release), ("swift_bridgeObjectRelease", .release),
    ("swift_unknownObjectRelease", .release), ("swift_unownedRelease", .release),
    ("swift_setDeallocating", .release),
    ("swift_allocObject", .allocation), ("swift_slowAlloc", .allocation),
    ("swift_task_alloc", .allocation), ("malloc", .allocation), ("calloc", .allocation),
    ("posix_memalign", .allocation), ("swift_initStackObject", .allocation),
    ("swift_dealloc", .deallocation), ("swift_slowDealloc", .deallocation),
    ("swift_task_dealloc", .deallocation), ("free", .deallocation),
    ("swift_once", .wait), ("pthread_mutex_", .wait), ("pthread_rwlock_", .wait),
    ("pthread_cond_", .wait), ("sem_", .wait), ("dispatch_sync", .wait),
    ("dispatch_semaphore_wait", .wait), ("dispatch_barrier_sync", .wait),
    ("swift_task_switch", .wait), ("syscall", .wait),
    ("swift_getWitnessTable", .unspecialised), ("swift_getAssociated", .unspecialised),
    ("swift_getGenericMetadata", .unspecialised), ("swift_conformsToProtocol", .unspecialised),
    ("swift_dynamicCast", .unspecialised), ("swift_project_boxed", .unspecialised),
    ("swift_getTypeByMangledName", .unspecialised),
    ("__swift_instantiateConcreteTypeFromMangledName", .unspecialised),
  ]

  /// A signature that still has its parameters, and is no specialisation of it.
  private static func isGeneric(_ demangled: String) -> Bool {
    !demangled.contains("specializ")
      && (demangled.contains("<A") || demangled.contains("dispatch thunk"))
  }
}
