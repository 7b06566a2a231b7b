// Semaphores: the real count stays true, and who finds it at zero waits here.

#include "tophash_explore.h"

#include <errno.h>
#include <semaphore.h>

TOPHASH_REAL(int, sem_wait, (sem_t *))
TOPHASH_REAL(int, sem_trywait, (sem_t *))
TOPHASH_REAL(int, sem_timedwait, (sem_t *, const struct timespec *))
TOPHASH_REAL(int, sem_clockwait, (sem_t *, clockid_t, const struct timespec *))
TOPHASH_REAL(int, sem_post, (sem_t *))

static int take(struct tophash_thread *self, sem_t *semaphore, uint64_t deadline,
                struct tophash_site site) {
  tophash_point(self, TOPHASH_POINT_ACQUIRE, semaphore, site);
  int status;
  bool is_late = false;
  while ((status = sem_trywait_real()(semaphore)) != 0 && errno == EAGAIN) {
    if (is_late) {
      errno = ETIMEDOUT;
      break;
    }
    is_late = tophash_wait(self, TOPHASH_POINT_ACQUIRE, semaphore, deadline, site);
    if (self->interrupted == TOPHASH_INTERRUPTED) {
      errno = EINTR;
      break;
    }
  }
  tophash_leave(self);
  return status;
}

TOPHASH_EXPORT int sem_wait(sem_t *semaphore) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return sem_wait_real()(semaphore);
  return take(self, semaphore, 0, TOPHASH_SITE);
}

TOPHASH_EXPORT int sem_timedwait(sem_t *semaphore, const struct timespec *time) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return sem_timedwait_real()(semaphore, time);
  return take(self, semaphore, tophash_deadline_at(CLOCK_REALTIME, time), TOPHASH_SITE);
}

TOPHASH_EXPORT int sem_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *time) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return sem_clockwait_real()(semaphore, clock, time);
  return take(self, semaphore, tophash_deadline_at(clock, time), TOPHASH_SITE);
}

TOPHASH_EXPORT int sem_trywait(sem_t *semaphore) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return sem_trywait_real()(semaphore);
  tophash_point(self, TOPHASH_POINT_ACQUIRE, semaphore, TOPHASH_SITE);
  int status = sem_trywait_real()(semaphore);
  tophash_leave(self);
  return status;
}

TOPHASH_EXPORT int sem_post(sem_t *semaphore) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return sem_post_real()(semaphore);
  tophash_point(self, TOPHASH_POINT_POST, semaphore, TOPHASH_SITE);
  int status = sem_post_real()(semaphore);
  tophash_wake(semaphore, 1, UINT32_MAX);
  tophash_leave(self);
  return status;
}
