// Five programs with one bottleneck each. Each prints what it knows itself of the time that
// was spent waiting in it, in nanoseconds; see `Truth`.

import Foundation

switch CommandLine.arguments.dropFirst().first {
case "lock": Lock().run()
case "barrier": BarrierQueue().run()
case "semaphore": Semaphore().run()
case "actor": await OverloadedActor.run()
case "rwlock": StarvedWriter().run()
case "mutex": MutexLock().run()
case "hang": Hang().run()
default: fatalError("lock, barrier, semaphore, actor, rwlock, mutex or hang")
}
