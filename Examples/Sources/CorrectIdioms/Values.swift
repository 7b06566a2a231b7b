import Foundation

/// Values: copies, snapshots, replacement.
let values = [
  Idiom("snapshot") {
    let catalogue = Catalogue()
    await inParallel { worker in
      if worker == 0 { catalogue.add(worker) } else { precondition(catalogue.snapshot().count > 0) }
    }
  },

  Idiom("copy-on-write") {
    // All copies share one buffer until they are changed.
    let original = Dictionary(uniqueKeysWithValues: (0..<64).map { ($0, $0) })
    await inParallel { worker in
      var copy = original
      copy[worker] = -1
      precondition(copy[worker] == -1 && original[worker] == worker)
    }
  },

  Idiom("snapshot-changed-later") {
    let catalogue = Catalogue()
    await inParallel { worker in
      var mine = catalogue.snapshot()
      mine[worker] = "mine"
      catalogue.add(worker)
      precondition(mine[worker] == "mine")
    }
  },

  Idiom("immutable-after-start") {
    let table = StartedTable()
    table.fill()
    await inParallel { precondition(table.word($0) != nil) }
  },

  Idiom("replacement-under-lock") {
    let configuration = Configuration()
    await inParallel { worker in
      if worker == 0 {
        for _ in 0..<4 { configuration.replace() }
      } else {
        for _ in 0..<4 { precondition(configuration.setting("colour") != nil) }
      }
    }
  },

  Idiom("nested-struct") {
    let lock = NSLock()
    let office = Office()
    await inParallel { worker in
      lock.withLock {
        office.desk.drawer.papers["letter", default: 0] += 1
        office[keyPath: \.desk.drawer.papers]["bill", default: 0] += 1
        if worker == 0 { office.desk = Office.Desk() } else { office.desk.drawer.tidy() }
      }
    }
  },

  Idiom("separate-properties") {
    // Neighbours in one object, each guarded by a lock of its own.
    let left = NSLock()
    let right = NSLock()
    let ledger = Ledger()
    await inParallel { worker in
      if worker.isMultiple(of: 2) {
        left.withLock { ledger.balances["rent", default: 0] += 1 }
      } else {
        right.withLock { ledger.entries = [worker] }
        right.withLock { ledger.entries.append(worker) }
      }
    }
  },

  Idiom("recycled-objects") {
    // Freed memory comes back as another thread's object, at the same address.
    await inParallel { worker in
      let ledger = Ledger()
      for _ in 0..<4 { ledger.update(worker) }
    }
  },

  Idiom("lazy-global") {
    await inParallel { worker in
      precondition(alphabet["a"] == 0)
      lazyLock.withLock { lazyHolder.index[worker, default: 0] += 1 }
    }
  },
]

private let alphabet: [String: Int] = Dictionary(
  uniqueKeysWithValues: zip("abcdefghijklmnopqrstuvwxyz".map(String.init), 0...))

private let lazyLock = NSLock()
private let lazyHolder = LazyHolder()

private final class LazyHolder: @unchecked Sendable {
  lazy var index: [Int: Int] = [0: 0]
}

private final class Catalogue: @unchecked Sendable {
  private let lock = NSLock()
  private var titles = [0: "Emma"]

  func add(_ number: Int) {
    lock.withLock { titles[number] = "title \(number)" }
  }

  func snapshot() -> [Int: String] {
    lock.withLock { titles }
  }
}

private final class StartedTable: @unchecked Sendable {
  private var words: [Int: String] = [:]

  func fill() {
    for (number, word) in ["zero", "one", "two", "three"].enumerated() { words[number] = word }
  }

  func word(_ number: Int) -> String? {
    words[number]
  }
}

private final class Configuration: @unchecked Sendable {
  private let lock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)
  private var settings = ["colour": "red"]

  init() {
    pthread_rwlock_init(lock, nil)
  }

  deinit {
    pthread_rwlock_destroy(lock)
    lock.deallocate()
  }

  func replace() {
    pthread_rwlock_wrlock(lock)
    settings = ["colour": Bool.random() ? "red" : "blue"]
    pthread_rwlock_unlock(lock)
  }

  func setting(_ name: String) -> String? {
    pthread_rwlock_rdlock(lock)
    defer { pthread_rwlock_unlock(lock) }
    return settings[name]
  }
}

private final class Office: @unchecked Sendable {
  struct Desk {
    var drawer = Drawer()
  }

  struct Drawer {
    var papers: [String: Int] = [:]

    mutating func tidy() {
      papers.removeValue(forKey: "bill")
    }
  }

  var desk = Desk()
}
