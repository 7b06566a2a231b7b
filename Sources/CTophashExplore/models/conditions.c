// Condition variables, modelled as a whole: first come, first served, and nobody wakes for no
// reason.

#include "tophash_explore.h"

#include <errno.h>

TOPHASH_REAL(int, pthread_cond_wait, (pthread_cond_t *, pthread_mutex_t *))
TOPHASH_REAL(int, pthread_cond_timedwait,
             (pthread_cond_t *, pthread_mutex_t *, const struct timespec *))
TOPHASH_REAL(int, pthread_cond_clockwait,
             (pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *))
TOPHASH_REAL(int, pthread_cond_signal, (pthread_cond_t *))
TOPHASH_REAL(int, pthread_cond_broadcast, (pthread_cond_t *))
TOPHASH_REAL(int, pthread_mutex_unlock, (pthread_mutex_t *))
TOPHASH_REAL(int, pthread_mutex_trylock, (pthread_mutex_t *))

// A condition keeps the clock of its waits in its second lowest bit of this word (glibc 2.25 on).
static clockid_t clock_of(const pthread_cond_t *condition) {
  return condition->__data.__wrefs & 2 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}

static int wait_for(struct tophash_thread *self, pthread_cond_t *condition, pthread_mutex_t *mutex,
                    uint64_t deadline, struct tophash_site site) {
  tophash_point(self, TOPHASH_POINT_WAIT, condition, site);
  int status = pthread_mutex_unlock_real()(mutex);
  if (status == 0) {
    tophash_wake(mutex, UINT32_MAX, UINT32_MAX);
    if (tophash_wait(self, TOPHASH_POINT_WAIT, condition, deadline, site)) status = ETIMEDOUT;
    while (pthread_mutex_trylock_real()(mutex) == EBUSY)
      tophash_wait(self, TOPHASH_POINT_LOCK, mutex, 0, site);
  }
  tophash_leave(self);
  return status;
}

TOPHASH_EXPORT int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return pthread_cond_wait_real()(condition, mutex);
  tophash_access_note_lock(self, condition, __builtin_return_address(0));
  tophash_access_note_lock(self, mutex, __builtin_return_address(0));
  return wait_for(self, condition, mutex, 0, TOPHASH_SITE);
}

TOPHASH_EXPORT int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                          const struct timespec *time) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return pthread_cond_timedwait_real()(condition, mutex, time);
  uint64_t deadline = tophash_deadline_at(clock_of(condition), time);
  return wait_for(self, condition, mutex, deadline, TOPHASH_SITE);
}

TOPHASH_EXPORT int pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                          clockid_t clock, const struct timespec *time) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return pthread_cond_clockwait_real()(condition, mutex, clock, time);
  return wait_for(self, condition, mutex, tophash_deadline_at(clock, time), TOPHASH_SITE);
}

TOPHASH_EXPORT int pthread_cond_signal(pthread_cond_t *condition) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return pthread_cond_signal_real()(condition);
  tophash_access_note_lock(self, condition, __builtin_return_address(0));
  tophash_point(self, TOPHASH_POINT_SIGNAL, condition, TOPHASH_SITE);
  tophash_wake(condition, 1, UINT32_MAX);
  tophash_leave(self);
  return 0;
}

TOPHASH_EXPORT int pthread_cond_broadcast(pthread_cond_t *condition) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return pthread_cond_broadcast_real()(condition);
  tophash_access_note_lock(self, condition, __builtin_return_address(0));
  tophash_point(self, TOPHASH_POINT_SIGNAL, condition, TOPHASH_SITE);
  tophash_wake(condition, UINT32_MAX, UINT32_MAX);
  tophash_leave(self);
  return 0;
}
