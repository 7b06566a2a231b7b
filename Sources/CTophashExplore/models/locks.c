// Mutexes, reader-writer locks and spin locks.
//
// The lock itself stays true: a thread tries the real one, and waits here while somebody else
// has it. So recursive and error-checking locks keep their meaning, and nothing is wrong with
// any lock when control ends.

#include "tophash_explore.h"

#include <errno.h>

typedef int (*lock_function)(void *);

/// Tries until it succeeds or fails for another reason than that it is taken.
static int take(struct tophash_thread *self, enum tophash_point point, void *lock,
                lock_function try, uint64_t deadline, struct tophash_site site) {
  tophash_point(self, point, lock, site);
  int status;
  while ((status = try(lock)) == EBUSY)
    if (tophash_wait(self, point, lock, deadline, site)) return try(lock) == 0 ? 0 : ETIMEDOUT;
  return status;
}

static int give(struct tophash_thread *self, void *lock, lock_function unlock,
                struct tophash_site site) {
  int status = unlock(lock);
  if (status != 0) return status;
  tophash_wake(lock, UINT32_MAX, UINT32_MAX);
  tophash_point(self, TOPHASH_POINT_UNLOCK, lock, site);
  return 0;
}

// MARK: Mutexes

TOPHASH_REAL(int, pthread_mutex_lock, (pthread_mutex_t *))
TOPHASH_REAL(int, pthread_mutex_trylock, (pthread_mutex_t *))
TOPHASH_REAL(int, pthread_mutex_unlock, (pthread_mutex_t *))
TOPHASH_REAL(int, pthread_mutex_timedlock, (pthread_mutex_t *, const struct timespec *))
TOPHASH_REAL(int, pthread_mutex_clocklock, (pthread_mutex_t *, clockid_t, const struct timespec *))

static int try_mutex(void *lock) { return pthread_mutex_trylock_real()(lock); }
static int unlock_mutex(void *lock) { return pthread_mutex_unlock_real()(lock); }

/// An error-checking mutex refuses its own holder; trying it would only say that it is taken.
static bool refuses(struct tophash_thread *self, const pthread_mutex_t *mutex) {
  return (mutex->__data.__kind & 3) == PTHREAD_MUTEX_ERRORCHECK &&
         (uint32_t)mutex->__data.__owner == self->tid;
}

static int lock_mutex(struct tophash_thread *self, pthread_mutex_t *mutex, uint64_t deadline,
                      const void *caller, struct tophash_site site) {
  tophash_access_note_lock(self, mutex, caller);
  self->wanted = mutex;
  int status = refuses(self, mutex)
                   ? EDEADLK
                   : take(self, TOPHASH_POINT_LOCK, mutex, try_mutex, deadline, site);
  self->wanted = NULL;
  tophash_leave(self);
  return status;
}

TOPHASH_EXPORT int pthread_mutex_lock(pthread_mutex_t *mutex) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return pthread_mutex_lock_real()(mutex);
  return lock_mutex(self, mutex, 0, __builtin_return_address(0), TOPHASH_SITE);
}

TOPHASH_EXPORT int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *time) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return pthread_mutex_timedlock_real()(mutex, time);
  uint64_t deadline = tophash_deadline_at(CLOCK_REALTIME, time);
  return lock_mutex(self, mutex, deadline, __builtin_return_address(0), TOPHASH_SITE);
}

TOPHASH_EXPORT int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock,
                                           const struct timespec *time) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return pthread_mutex_clocklock_real()(mutex, clock, time);
  uint64_t deadline = tophash_deadline_at(clock, time);
  return lock_mutex(self, mutex, deadline, __builtin_return_address(0), TOPHASH_SITE);
}

TOPHASH_EXPORT int pthread_mutex_trylock(pthread_mutex_t *mutex) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return pthread_mutex_trylock_real()(mutex);
  tophash_access_note_lock(self, mutex, __builtin_return_address(0));
  tophash_point(self, TOPHASH_POINT_LOCK, mutex, TOPHASH_SITE);
  int status = try_mutex(mutex);
  tophash_leave(self);
  return status;
}

TOPHASH_EXPORT int pthread_mutex_unlock(pthread_mutex_t *mutex) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return pthread_mutex_unlock_real()(mutex);
  tophash_access_note_lock(self, mutex, __builtin_return_address(0));
  int status = give(self, mutex, unlock_mutex, TOPHASH_SITE);
  tophash_leave(self);
  return status;
}

// MARK: Reader-writer locks

TOPHASH_REAL(int, pthread_rwlock_rdlock, (pthread_rwlock_t *))
TOPHASH_REAL(int, pthread_rwlock_wrlock, (pthread_rwlock_t *))
TOPHASH_REAL(int, pthread_rwlock_tryrdlock, (pthread_rwlock_t *))
TOPHASH_REAL(int, pthread_rwlock_trywrlock, (pthread_rwlock_t *))
TOPHASH_REAL(int, pthread_rwlock_unlock, (pthread_rwlock_t *))

static int try_read(void *lock) { return pthread_rwlock_tryrdlock_real()(lock); }
static int try_write(void *lock) { return pthread_rwlock_trywrlock_real()(lock); }
static int unlock_either(void *lock) { return pthread_rwlock_unlock_real()(lock); }

/// Defines a function that takes a reader-writer lock, in front of the original.
#define LOCK_FUNCTION(name, point, try)                                       \
  TOPHASH_EXPORT int name(pthread_rwlock_t *lock) {                           \
    struct tophash_thread *self = tophash_enter();                            \
    if (self == NULL) return name##_real()(lock);                             \
    tophash_access_note_lock(self, lock, __builtin_return_address(0));        \
    int status = take(self, point, lock, try, 0, TOPHASH_SITE);               \
    tophash_leave(self);                                                      \
    return status;                                                            \
  }

LOCK_FUNCTION(pthread_rwlock_rdlock, TOPHASH_POINT_READ_LOCK, try_read)
LOCK_FUNCTION(pthread_rwlock_wrlock, TOPHASH_POINT_WRITE_LOCK, try_write)

#define TRY_FUNCTION(name, point)                                             \
  TOPHASH_EXPORT int name(pthread_rwlock_t *lock) {                           \
    struct tophash_thread *self = tophash_enter();                            \
    if (self == NULL) return name##_real()(lock);                             \
    tophash_access_note_lock(self, lock, __builtin_return_address(0));        \
    tophash_point(self, point, lock, TOPHASH_SITE);                           \
    int status = name##_real()(lock);                                         \
    tophash_leave(self);                                                      \
    return status;                                                            \
  }

TRY_FUNCTION(pthread_rwlock_tryrdlock, TOPHASH_POINT_READ_LOCK)
TRY_FUNCTION(pthread_rwlock_trywrlock, TOPHASH_POINT_WRITE_LOCK)

TOPHASH_EXPORT int pthread_rwlock_unlock(pthread_rwlock_t *lock) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return unlock_either(lock);
  int status = give(self, lock, unlock_either, TOPHASH_SITE);
  tophash_leave(self);
  return status;
}

/// The same until a time on some clock.
#define TIMED_FUNCTION(name, point, try, parameters, clock, ...)              \
  TOPHASH_REAL(int, name, parameters)                                         \
  TOPHASH_EXPORT int name parameters {                                        \
    struct tophash_thread *self = tophash_enter();                            \
    if (self == NULL) return name##_real()(__VA_ARGS__);                      \
    uint64_t deadline = tophash_deadline_at(clock, time);                     \
    int status = take(self, point, lock, try, deadline, TOPHASH_SITE);        \
    tophash_leave(self);                                                      \
    return status;                                                            \
  }

TIMED_FUNCTION(pthread_rwlock_timedrdlock, TOPHASH_POINT_READ_LOCK, try_read,
               (pthread_rwlock_t * lock, const struct timespec *time), CLOCK_REALTIME, lock, time)
TIMED_FUNCTION(pthread_rwlock_timedwrlock, TOPHASH_POINT_WRITE_LOCK, try_write,
               (pthread_rwlock_t * lock, const struct timespec *time), CLOCK_REALTIME, lock, time)
TIMED_FUNCTION(pthread_rwlock_clockrdlock, TOPHASH_POINT_READ_LOCK, try_read,
               (pthread_rwlock_t * lock, clockid_t clock, const struct timespec *time), clock, lock,
               clock, time)
TIMED_FUNCTION(pthread_rwlock_clockwrlock, TOPHASH_POINT_WRITE_LOCK, try_write,
               (pthread_rwlock_t * lock, clockid_t clock, const struct timespec *time), clock, lock,
               clock, time)

// MARK: Spin locks

TOPHASH_REAL(int, pthread_spin_lock, (pthread_spinlock_t *))
TOPHASH_REAL(int, pthread_spin_trylock, (pthread_spinlock_t *))
TOPHASH_REAL(int, pthread_spin_unlock, (pthread_spinlock_t *))

static int try_spin(void *lock) { return pthread_spin_trylock_real()(lock); }
static int unlock_spin(void *lock) { return pthread_spin_unlock_real()(lock); }

TOPHASH_EXPORT int pthread_spin_lock(pthread_spinlock_t *lock) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return pthread_spin_lock_real()(lock);
  tophash_access_note_lock(self, lock, __builtin_return_address(0));
  int status = take(self, TOPHASH_POINT_LOCK, (void *)lock, try_spin, 0, TOPHASH_SITE);
  tophash_leave(self);
  return status;
}

TOPHASH_EXPORT int pthread_spin_trylock(pthread_spinlock_t *lock) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return pthread_spin_trylock_real()(lock);
  tophash_point(self, TOPHASH_POINT_LOCK, lock, TOPHASH_SITE);
  int status = pthread_spin_trylock_real()(lock);
  tophash_leave(self);
  return status;
}

TOPHASH_EXPORT int pthread_spin_unlock(pthread_spinlock_t *lock) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return pthread_spin_unlock_real()(lock);
  int status = give(self, (void *)lock, unlock_spin, TOPHASH_SITE);
  tophash_leave(self);
  return status;
}
