// Once, and barriers.

#include "tophash_explore.h"

#include <errno.h>

TOPHASH_REAL(int, pthread_once, (pthread_once_t *, void (*)(void)))
TOPHASH_REAL(int, pthread_barrier_init,
             (pthread_barrier_t *, const pthread_barrierattr_t *, unsigned))
TOPHASH_REAL(int, pthread_barrier_wait, (pthread_barrier_t *))

#define ONCE_MAX 64
#define ONCE_DONE 2  // glibc's

// Initialisations that have begun and not ended.
static pthread_once_t *running[ONCE_MAX];

static pthread_once_t **find(pthread_once_t *once) {
  for (int i = 0; i < ONCE_MAX; i++)
    if (running[i] == once) return &running[i];
  return NULL;
}

TOPHASH_EXPORT int pthread_once(pthread_once_t *once, void (*body)(void)) {
  if ((__atomic_load_n(once, __ATOMIC_ACQUIRE) & ONCE_DONE) != 0) return 0;
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return pthread_once_real()(once, body);
  struct tophash_site site = TOPHASH_SITE;
  tophash_point(self, TOPHASH_POINT_ONCE, once, site);
  while (find(once) != NULL) tophash_wait(self, TOPHASH_POINT_ONCE, once, 0, site);
  pthread_once_t **place = find(NULL);
  if (place != NULL) *place = once;
  tophash_leave(self);
  int status = pthread_once_real()(once, body);
  self = tophash_enter();
  if (place != NULL) *place = NULL;
  if (self == NULL) return status;
  tophash_wake(once, UINT32_MAX, UINT32_MAX);
  tophash_leave(self);
  return status;
}

// MARK: Barriers

#define BARRIERS_MAX 64

static struct barrier {
  pthread_barrier_t *address;
  unsigned needed, waiting;
} barriers[BARRIERS_MAX];

TOPHASH_EXPORT int pthread_barrier_init(pthread_barrier_t *barrier,
                                        const pthread_barrierattr_t *attributes, unsigned count) {
  int status = pthread_barrier_init_real()(barrier, attributes, count);
  if (tophash_self == NULL || status != 0) return status;
  struct barrier *place = NULL;
  for (int i = 0; i < BARRIERS_MAX; i++)
    if (barriers[i].address == barrier || (barriers[i].address == NULL && place == NULL))
      place = &barriers[i];
  if (place != NULL) *place = (struct barrier){.address = barrier, .needed = count};
  return status;
}

TOPHASH_EXPORT int pthread_barrier_wait(pthread_barrier_t *barrier) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return pthread_barrier_wait_real()(barrier);
  struct tophash_site site = TOPHASH_SITE;
  struct barrier *place = NULL;
  for (int i = 0; i < BARRIERS_MAX; i++)
    if (barriers[i].address == barrier) place = &barriers[i];
  if (place == NULL) {
    tophash_run.file->account.unmodelled++;
    tophash_leave(self);
    return pthread_barrier_wait_real()(barrier);
  }
  tophash_point(self, TOPHASH_POINT_BARRIER, barrier, site);
  int status = 0;
  if (++place->waiting == place->needed) {
    place->waiting = 0;
    tophash_wake(barrier, UINT32_MAX, UINT32_MAX);
    status = PTHREAD_BARRIER_SERIAL_THREAD;
  } else {
    tophash_wait(self, TOPHASH_POINT_BARRIER, barrier, 0, site);
  }
  tophash_leave(self);
  return status;
}
