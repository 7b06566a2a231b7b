// Which addresses are locks, and what they order.
//
// `pthread_mutex_lock(&self.mutex)` is, to the compiler, a modification of
// `mutex` that lasts until the lock is got: every contended lock would look
// like a race. So whatever is passed to a lock function while the caller has an
// access to that very address open is remembered as a lock, and the tool drops
// conflicts on it.
//
// With clocks, what is done under a lock comes before what is done under it later.
//
// Where waits are measured, a lock is first tried: whoever gets it so has not waited,
// and costs no look at the clock.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include "waits.h"

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

// MARK: Effects

// Before and after the original, by what the function does. Not for locks that the
// runtime and Dispatch take for themselves: two tasks that happen to need the
// same lock of the runtime are not ordered by it in any way to rely on. But the
// locks of task groups and of AsyncStream are all that orders those who use them.
static bool orders(const void *caller, const volatile void *lock) {
  if (!tophash_process.has_clocks) return false;
  return !tophash_is_runtime(caller) ||
         (tophash_runtime_runs_tasks((uint64_t)caller) && !tophash_is_runtime((const void *)lock));
}

enum effect {
  NONE, INIT, ACQUIRE, RELEASE, UNLOCK, WAIT, MEET, ACQUIRE_READ, ACQUIRE_WRITE, RELEASE_EITHER
};

static void before(enum effect effect, const volatile void *lock, const void *caller) {
  uint64_t key = (uint64_t)lock;
  switch (effect) {
    case INIT:
      tophash_clocks_forget_sync(tophash_process.clocks, key);
      tophash_clocks_forget_sync(tophash_process.clocks, key | TOPHASH_KEY_READERS);
      break;
    case RELEASE:
      if (tophash_runtime_runs_tasks((uint64_t)caller)) return tophash_edge_announced_release((void *)lock);
      tophash_edge_release(key);
      break;
    case UNLOCK:
      if (tophash_runtime_runs_tasks((uint64_t)caller)) return tophash_edge_announced_release((void *)lock);
      tophash_clocks_release_lock(tophash_process.clocks, tophash_strand_current(), key);
      break;
    case MEET:
      tophash_edge_release(key);
      break;
    case RELEASE_EITHER:
      // Readers are not ordered among themselves; only the next writer waits for them.
      tophash_edge_release(((const pthread_rwlock_t *)lock)->__data.__cur_writer != 0
                               ? key
                               : key | TOPHASH_KEY_READERS);
      break;
    default: break;
  }
}

static void after(enum effect effect, const volatile void *lock, const void *caller) {
  uint64_t key = (uint64_t)lock;
  switch (effect) {
    case ACQUIRE:
      if (tophash_runtime_runs_tasks((uint64_t)caller)) return tophash_edge_announced_acquire((void *)lock);
      tophash_edge_acquire(key);
      break;
    case ACQUIRE_READ:
    case WAIT:
    case MEET:
      tophash_edge_acquire(key);
      break;
    case ACQUIRE_WRITE:
      tophash_edge_acquire(key);
      tophash_edge_acquire(key | TOPHASH_KEY_READERS);
      break;
    default: break;
  }
}

// MARK: Waits

static int (*pthread_mutex_trylock_original)(pthread_mutex_t *);
static int (*pthread_rwlock_tryrdlock_original)(pthread_rwlock_t *);
static int (*pthread_rwlock_trywrlock_original)(pthread_rwlock_t *);
static int (*pthread_spin_trylock_original)(pthread_spinlock_t *);
static int (*sem_trywait_original)(sem_t *);

/// Takes a semaphore, or says that it is busy, as locks do.
static int try_semaphore(sem_t *semaphore) {
  int error = errno;
  pthread_testcancel();  // `sem_wait` can be cancelled also where it need not wait
  if (sem_trywait_original(semaphore) == 0) return 0;
  errno = error;
  return EBUSY;
}

// Of each way to wait: what it is called, and what finds out whether it has to be.
#define KIND_NOTHING TOPHASH_WAIT_NONE
#define TRY_NOTHING EBUSY
#define KIND_MUTEX TOPHASH_WAIT_MUTEX
#define TRY_MUTEX pthread_mutex_trylock_original(lock)
#define KIND_SPIN TOPHASH_WAIT_MUTEX
#define TRY_SPIN pthread_spin_trylock_original(lock)
#define KIND_READ TOPHASH_WAIT_READ_LOCK
#define TRY_READ pthread_rwlock_tryrdlock_original(lock)
#define KIND_WRITE TOPHASH_WAIT_WRITE_LOCK
#define TRY_WRITE pthread_rwlock_trywrlock_original(lock)
#define KIND_SEMAPHORE tophash_wait_kind_of(lock)
#define TRY_SEMAPHORE try_semaphore(lock)
#define KIND_CONDITION TOPHASH_WAIT_CONDITION
#define TRY_CONDITION EBUSY

/// `call`, whose wait is measured if it is one.
#define TIMED(wait, call)                                                              \
  ({                                                                                   \
    int outcome;                                                                       \
    if (KIND_##wait == TOPHASH_WAIT_NONE || tophash_process.waits == NULL) {           \
      outcome = call;                                                                  \
    } else if ((outcome = TRY_##wait) == EBUSY && tophash_is_runtime(caller)) {        \
      outcome = call;                                                                  \
    } else if (outcome == EBUSY) {                                                     \
      struct tophash_turn turn =                                                       \
          tophash_turn_begin(KIND_##wait, lock, caller, TOPHASH_FRAME());      \
      outcome = call;                                                                  \
      tophash_turn_end(&turn);                                                         \
    }                                                                                  \
    outcome;                                                                           \
  })

/// Defines a function of the C library in front of the original: notes its
/// first argument as a lock and goes on to the original. The original is looked
/// up at start, because looking up takes the loader's lock, which a caller in a
/// signal handler (of `sem_post`) or in a library's constructor must not wait for;
/// or on first use, since libraries that start before this one lock as well.
/// `wait` says how its wait is measured, and `order` is the original's call between
/// its effects.
#define FUNCTION(name, parameters, wait, order, ...)                                                \
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
    const void *caller = __builtin_return_address(0);                                         \
    note(lock, caller);                                                                       \
    if (!orders(caller, lock)) return TIMED(wait, next(__VA_ARGS__));                         \
    order;                                                                                    \
  }

#define LOCK_FUNCTION(effect, wait, name, parameters, ...)                                \
  FUNCTION(name, parameters, wait, LOCK_ORDER(effect, TIMED(wait, next(__VA_ARGS__))), __VA_ARGS__)

#define LOCK_ORDER(effect, call)                                     \
  before(effect, lock, caller);                                            \
  int status = call;                                                 \
  /* Whoever got the lock, also after its last owner had died. */    \
  if (status == 0 || status == EOWNERDEAD || effect == MEET) after(effect, lock, caller); \
  return status

LOCK_FUNCTION(INIT, NOTHING, pthread_mutex_init, (pthread_mutex_t *lock, const pthread_mutexattr_t *a), lock, a)
LOCK_FUNCTION(ACQUIRE, MUTEX, pthread_mutex_lock, (pthread_mutex_t *lock), lock)
LOCK_FUNCTION(ACQUIRE, NOTHING, pthread_mutex_trylock, (pthread_mutex_t *lock), lock)
LOCK_FUNCTION(ACQUIRE, MUTEX, pthread_mutex_timedlock, (pthread_mutex_t *lock, const struct timespec *t), lock, t)
LOCK_FUNCTION(ACQUIRE, MUTEX, pthread_mutex_clocklock, (pthread_mutex_t *lock, clockid_t c, const struct timespec *t), lock, c, t)
LOCK_FUNCTION(UNLOCK, NOTHING, pthread_mutex_unlock, (pthread_mutex_t *lock), lock)

LOCK_FUNCTION(INIT, NOTHING, pthread_rwlock_init, (pthread_rwlock_t *lock, const pthread_rwlockattr_t *a), lock, a)
LOCK_FUNCTION(ACQUIRE_READ, READ, pthread_rwlock_rdlock, (pthread_rwlock_t *lock), lock)
LOCK_FUNCTION(ACQUIRE_READ, NOTHING, pthread_rwlock_tryrdlock, (pthread_rwlock_t *lock), lock)
LOCK_FUNCTION(ACQUIRE_READ, READ, pthread_rwlock_timedrdlock, (pthread_rwlock_t *lock, const struct timespec *t), lock, t)
LOCK_FUNCTION(ACQUIRE_WRITE, WRITE, pthread_rwlock_wrlock, (pthread_rwlock_t *lock), lock)
LOCK_FUNCTION(ACQUIRE_WRITE, NOTHING, pthread_rwlock_trywrlock, (pthread_rwlock_t *lock), lock)
LOCK_FUNCTION(ACQUIRE_WRITE, WRITE, pthread_rwlock_timedwrlock, (pthread_rwlock_t *lock, const struct timespec *t), lock, t)
LOCK_FUNCTION(RELEASE_EITHER, NOTHING, pthread_rwlock_unlock, (pthread_rwlock_t *lock), lock)

LOCK_FUNCTION(INIT, NOTHING, pthread_spin_init, (pthread_spinlock_t *lock, int shared), lock, shared)
LOCK_FUNCTION(ACQUIRE, SPIN, pthread_spin_lock, (pthread_spinlock_t *lock), lock)
LOCK_FUNCTION(ACQUIRE, NOTHING, pthread_spin_trylock, (pthread_spinlock_t *lock), lock)
LOCK_FUNCTION(UNLOCK, NOTHING, pthread_spin_unlock, (pthread_spinlock_t *lock), lock)

#define SIGNAL_LOCK (tophash_wait_note_signal(lock, value == 0), lock)

LOCK_FUNCTION(INIT, NOTHING, sem_init, (sem_t *lock, int shared, unsigned value), SIGNAL_LOCK, shared, value)
LOCK_FUNCTION(ACQUIRE, SEMAPHORE, sem_wait, (sem_t *lock), lock)
LOCK_FUNCTION(ACQUIRE, NOTHING, sem_trywait, (sem_t *lock), lock)
LOCK_FUNCTION(ACQUIRE, SEMAPHORE, sem_timedwait, (sem_t *lock, const struct timespec *t), lock, t)
LOCK_FUNCTION(ACQUIRE, SEMAPHORE, sem_clockwait, (sem_t *lock, clockid_t c, const struct timespec *t), lock, c, t)
LOCK_FUNCTION(RELEASE, NOTHING, sem_post, (sem_t *lock), lock)

LOCK_FUNCTION(INIT, NOTHING, pthread_cond_init, (pthread_cond_t *lock, const pthread_condattr_t *a), lock, a)
LOCK_FUNCTION(RELEASE, NOTHING, pthread_cond_signal, (pthread_cond_t *lock), lock)
LOCK_FUNCTION(RELEASE, NOTHING, pthread_cond_broadcast, (pthread_cond_t *lock), lock)

// Two locks in one call: the condition and its mutex, which is free meanwhile,
// however the wait ends.
#define WAIT_FUNCTION(name, parameters, ...) \
  FUNCTION(name, parameters, CONDITION, WAIT_ORDER(TIMED(CONDITION, next(__VA_ARGS__))), __VA_ARGS__)

#define WAIT_LOCK (note(mutex, caller), lock)

#define WAIT_ORDER(call)     \
  before(UNLOCK, mutex, caller);     \
  int status = call;         \
  after(ACQUIRE, mutex, caller);     \
  after(WAIT, lock, caller);         \
  return status

WAIT_FUNCTION(pthread_cond_wait, (pthread_cond_t *lock, pthread_mutex_t *mutex), WAIT_LOCK, mutex)
WAIT_FUNCTION(pthread_cond_timedwait,
              (pthread_cond_t *lock, pthread_mutex_t *mutex, const struct timespec *t), WAIT_LOCK, mutex, t)
WAIT_FUNCTION(pthread_cond_clockwait,
              (pthread_cond_t *lock, pthread_mutex_t *mutex, clockid_t c, const struct timespec *t),
              WAIT_LOCK, mutex, c, t)

LOCK_FUNCTION(MEET, CONDITION, pthread_barrier_wait, (pthread_barrier_t *lock), lock)
LOCK_FUNCTION(MEET, NOTHING, pthread_once, (pthread_once_t *lock, void (*body)(void)), lock, body)
