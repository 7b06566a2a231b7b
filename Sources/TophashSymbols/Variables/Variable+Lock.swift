extension Variable {
  /// Whether the variable is a lock or an atomic of C, stored in place.
  ///
  /// Locking one through `&lock` is formally a modification that stays open while the call
  /// blocks, so two tasks that wait for one lock look like a conflict. They are none.
  package var isLock: Bool {
    guard var name = qualifiedType else { return false }
    if name.hasPrefix(optional), name.hasSuffix(">") {
      name = String(name.dropFirst(optional.count).dropLast())
    }
    guard name.hasPrefix("__C.") else { return false }
    name = String(name.dropFirst(4))
    if lockTypes.contains(name) || name.lowercased().contains("atomic") { return true }
    // Locks that a C library made for itself are known by a word of their name: `tiny_lock`,
    // `ev_mutex_t`; `clock_t` and `block` are other words.
    return name.lowercased().split { !$0.isLetter }.contains { lockWords.contains(String($0)) }
  }
}

private let optional = "Swift.Optional<"

/// The types that lock functions of C take the address of.
private let lockTypes: Set = [
  "pthread_mutex_t", "pthread_rwlock_t", "pthread_cond_t", "pthread_spinlock_t", "pthread_once_t",
  "pthread_barrier_t", "mtx_t", "cnd_t", "once_flag", "sem_t", "os_unfair_lock",
  "os_unfair_lock_s",
]

/// Words that say of a C type that it is a lock.
private let lockWords: Set = [
  "lock", "spinlock", "rwlock", "seqlock", "mutex", "semaphore", "futex", "spin",
]
