import Gallery

/// Variants: the lock is there, and yet does not help.
@main
struct Variants {
  static func main() async {
    await Gallery(
      checkThenAct, writeUnderReadLock, stateFlag, mapInMap, lazyInitialisation, wrongLock
    )
    .run()
  }
}
