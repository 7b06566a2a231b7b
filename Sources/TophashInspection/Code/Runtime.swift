/// What the inspection knows about functions of the Swift runtime.
enum Runtime {
  /// Announces an access: address, buffer, flags, program counter.
  static let beginAccess = "swift_beginAccess"
  /// Asked before a collection is changed in place: is its storage shared?
  static let uniquenessGate = "swift_isUniquelyReferenced_nonNull_native"
  static let allocations: Set<String> = [
    "swift_allocObject", "swift_initStackObject", "swift_initStaticObject",
  ]
  static let frameAllocation = "swift_task_alloc"
  /// Goes on in another part of an asynchronous function, on another executor.
  static let executorSwitch = "swift_task_switch"
  /// These give back what they were given.
  static let returnsArgument: Set<String> = [
    "swift_retain", "swift_retain_n", "swift_bridgeObjectRetain", "swift_bridgeObjectRetain_n",
    "swift_unknownObjectRetain", "swift_weakInit", "swift_unownedRetain",
  ]
  /// Give the object that a weak variable refers to.
  static let weakLoads: Set<String> = ["swift_weakLoadStrong", "swift_weakTakeStrong"]

  /// Flags of an access.
  enum AccessFlags {
    static let modifies: Int64 = 0x01
    /// An end will follow.
    static let isTracked: Int64 = 0x20
  }
}
