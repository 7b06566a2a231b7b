// One program, many scenarios: the first argument names the one to play.

import Glibc

setvbuf(stdout, nil, _IOLBF, 0)

let scenarios: [String: () -> Void] = [
  "collide": collideOnce,
  "count-under-lock": countUnderLock,
  "churn": churn,
  "crowd-under-lock": crowdUnderLock,
  "crowd-and-collide": crowdAndCollide,
  "exit-inside-access": exitInsideAccess,
  "cancel-inside-access": cancelInsideAccess,
  "access-in-destructors": accessInDestructors,
  "exit-main-thread": exitMainThread,
  "fill-bucket": fillBucket,
  "access-empty-properties": accessEmptyProperties,
  "collide-by-key-path": collideByKeyPath,
  "lock-in-property": lockInProperty,
  "share-storage": shareStorage,
  "storage-under-lock": storageUnderLock,
  "hand-storage-over": handStorageOver,

  "fork": forkCorrectly,
  "fork-and-collide": forkAndCollide,
  "fork-and-collide-at-once": forkAndCollideAtOnce,
  "daemon": forkTwiceAsDaemon,
  "exec": execute,
  "spawn": spawn,
  "change-root": changeRoot,

  "interrupt-accesses": interruptAccesses,
  "interrupt-collisions": interruptCollisions,
  "fault": collideAndFault,
  "trap": collideAndTrap,
  "kill": collideAndKill,
  "leave": collideAndLeave,
  "abort": collideAndAbort,
  "exit": collideAndExit,

  "no-descriptors": collideWithoutDescriptors,
  "no-reading-memory": collideWithoutReadingMemory,
  "many-threads": collideAmongManyThreads,

  "hop-inside-access": hopInsideAccess,
  "collide-with-suspended": collideWithSuspended,
  "collide-in-tasks": collideInTasks,
  "collide-while-awaited": collideWhileAwaited,
  "use-actor": useActor,
  "lock-in-property-after-hops": lockInPropertyAfterHops,
]

guard CommandLine.arguments.count > 1, let scenario = scenarios[CommandLine.arguments[1]] else {
  for name in scenarios.keys.sorted() { print(name) }
  exit(64)
}
scenario()
