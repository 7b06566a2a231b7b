// Which addresses are locks.
//
// `pthread_mutex_lock(&self.mutex)` is, to the compiler, a modification of
// `mutex` that lasts until the lock is got: every contended lock would look
// like a race. So whatever is passed to a lock function while the caller has an
// access to that very address open is remembered as a lock, and the tool drops
// conflicts on it.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include "tophash_probe.h"

// A lock in a struct in a property: the access is to all of the property, and
// the function that begins it calls the lock function. So the lock lies a little
// further on, and so does the call. Whatever else locks meanwhile, the runtime for
// one, calls from far away.
#define STRUCT_BYTES 256
#define FUNCTION_BYTES 4096

/// True when whoever runs on this thread has an access to `address` open.
static bool is_open(uint64_t address) {
  struct tophash_bucket *bucket = tophash_bucket(tophash_process.table, address);
  uint64_t identity = tophash_owner_identity(tophash_self.owner);
  for (int i = 0; i < TOPHASH_SLOTS; i++) {
    uint64_t key = __atomic_load_n(&bucket->keys[i], __ATOMIC_RELAXED);
    if (tophash_access_address(key) != address) continue;
    uint64_t owner = __atomic_load_n(&bucket->details[i].owner, __ATOMIC_RELAXED);
    if (tophash_owner_identity(owner) == identity) return true;
  }
  return false;
}

static void note(const volatile void *lock, const void *caller) {
  // Most locks live outside of any access: one load, and away.
  if (tophash_self.open <= 0 || !tophash_process.watching) return;
  uint64_t address = (uint64_t)lock;
  if (is_open(address)) return tophash_events_note_lock(address);
  uint64_t latest = tophash_self.latest, distance = (uint64_t)caller - tophash_self.latest_pc;
  if (address - latest < STRUCT_BYTES && distance < FUNCTION_BYTES && is_open(latest))
    tophash_events_note_lock(latest);
}

/// Defines a function of the C library in front of the original: notes its
/// first argument as a lock and goes on to the original. The original is looked
/// up at start, because looking up takes the loader's lock, which a caller in a
/// signal handler (of `sem_post`) or in a library's constructor must not wait for;
/// or on first use, since libraries that start before this one lock as well.
#define LOCK_FUNCTION(name, parameters, ...)                                                  \
  static int (*name##_original) parameters;                                                   \
  __attribute__((constructor, cold)) static void find_##name(void) {                          \
    void *found = dlsym(RTLD_NEXT, #name);                                                    \
    __atomic_store_n(&name##_original, (int(*) parameters)found, __ATOMIC_RELAXED);           \
  }                                                                                           \
  TOPHASH_EXPORT int name parameters {                                                        \
    int(*next) parameters = __atomic_load_n(&name##_original, __ATOMIC_RELAXED);              \
    if (tophash_unlikely(next == NULL)) {                                                     \
      find_##name();                                                                          \
      next = __atomic_load_n(&name##_original, __ATOMIC_RELAXED);                             \
    }                                                                                         \
    note(lock, __builtin_return_address(0));                                                  \
    return next(__VA_ARGS__);                                                                 \
  }

LOCK_FUNCTION(pthread_mutex_init, (pthread_mutex_t *lock, const pthread_mutexattr_t *a), lock, a)
LOCK_FUNCTION(pthread_mutex_lock, (pthread_mutex_t *lock), lock)
LOCK_FUNCTION(pthread_mutex_trylock, (pthread_mutex_t *lock), lock)
LOCK_FUNCTION(pthread_mutex_timedlock, (pthread_mutex_t *lock, const struct timespec *t), lock, t)
LOCK_FUNCTION(pthread_mutex_unlock, (pthread_mutex_t *lock), lock)

LOCK_FUNCTION(pthread_rwlock_init, (pthread_rwlock_t *lock, const pthread_rwlockattr_t *a), lock, a)
LOCK_FUNCTION(pthread_rwlock_rdlock, (pthread_rwlock_t *lock), lock)
LOCK_FUNCTION(pthread_rwlock_tryrdlock, (pthread_rwlock_t *lock), lock)
LOCK_FUNCTION(pthread_rwlock_wrlock, (pthread_rwlock_t *lock), lock)
LOCK_FUNCTION(pthread_rwlock_trywrlock, (pthread_rwlock_t *lock), lock)
LOCK_FUNCTION(pthread_rwlock_unlock, (pthread_rwlock_t *lock), lock)

LOCK_FUNCTION(pthread_spin_init, (pthread_spinlock_t *lock, int shared), lock, shared)
LOCK_FUNCTION(pthread_spin_lock, (pthread_spinlock_t *lock), lock)
LOCK_FUNCTION(pthread_spin_trylock, (pthread_spinlock_t *lock), lock)
LOCK_FUNCTION(pthread_spin_unlock, (pthread_spinlock_t *lock), lock)

LOCK_FUNCTION(sem_init, (sem_t *lock, int shared, unsigned value), lock, shared, value)
LOCK_FUNCTION(sem_wait, (sem_t *lock), lock)
LOCK_FUNCTION(sem_trywait, (sem_t *lock), lock)
LOCK_FUNCTION(sem_timedwait, (sem_t *lock, const struct timespec *t), lock, t)
LOCK_FUNCTION(sem_post, (sem_t *lock), lock)

LOCK_FUNCTION(pthread_cond_init, (pthread_cond_t *lock, const pthread_condattr_t *a), lock, a)
LOCK_FUNCTION(pthread_cond_signal, (pthread_cond_t *lock), lock)
LOCK_FUNCTION(pthread_cond_broadcast, (pthread_cond_t *lock), lock)

// Two locks in one call: the condition and its mutex.
#define WAIT_FUNCTION(name, parameters, ...) \
  LOCK_FUNCTION(name, parameters, (note(mutex, __builtin_return_address(0)), lock), __VA_ARGS__)

WAIT_FUNCTION(pthread_cond_wait, (pthread_cond_t *lock, pthread_mutex_t *mutex), mutex)
WAIT_FUNCTION(pthread_cond_timedwait,
              (pthread_cond_t *lock, pthread_mutex_t *mutex, const struct timespec *t), mutex, t)

LOCK_FUNCTION(pthread_barrier_wait, (pthread_barrier_t *lock), lock)
