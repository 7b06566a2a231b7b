// Waiting at a word of memory: what Dispatch, the Swift runtime and Synchronization do.
//
// All of them go through the C library's `syscall`. Since one thread runs at a time, comparing
// the word and beginning to wait is one step by itself.

#include "tophash_explore.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

void tophash_random_bytes(void *into, size_t size);

static uint32_t load(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }

static long wait_at(struct tophash_thread *self, uint32_t *word, uint32_t expected, uint32_t bits,
                    uint64_t deadline, struct tophash_site site) {
  tophash_point(self, TOPHASH_POINT_FUTEX, word, site);
  if (load(word) != expected) return -EAGAIN;
  self->futex_bits = bits;
  bool is_late = tophash_wait(self, TOPHASH_POINT_FUTEX, word, deadline, site);
  self->futex_bits = UINT32_MAX;
  if (is_late) return -ETIMEDOUT;
  return self->interrupted != TOPHASH_GOES_ON ? -EINTR : 0;
}

static long wake_at(struct tophash_thread *self, uint32_t *word, uint32_t count, uint32_t bits,
                    struct tophash_site site) {
  tophash_point(self, TOPHASH_POINT_WAKE, word, site);
  return tophash_wake(word, count, bits);
}

/// A lock whose word holds its owner. Whoever waits leaves a mark in the word, so that the owner
/// calls the kernel to unlock it, in place of doing that by itself.
static long lock_at(struct tophash_thread *self, uint32_t *word, bool may_wait, uint64_t deadline,
                    struct tophash_site site) {
  tophash_point(self, TOPHASH_POINT_LOCK, word, site);
  for (;;) {
    uint32_t owner = load(word) & FUTEX_TID_MASK;
    if (owner == 0) break;
    if (owner == self->tid) return -EDEADLK;
    if (!may_wait) return -EAGAIN;
    __atomic_fetch_or(word, FUTEX_WAITERS, __ATOMIC_RELAXED);
    if (tophash_wait(self, TOPHASH_POINT_LOCK, word, deadline, site)) return -ETIMEDOUT;
  }
  uint32_t others = 0;
  for (uint32_t i = 0; i < tophash_run.thread_count; i++)
    if (tophash_run.threads[i].address == (uint64_t)word &&
        tophash_run.threads[i].state == TOPHASH_THREAD_WAITING)
      others = FUTEX_WAITERS;
  __atomic_store_n(word, self->tid | others, __ATOMIC_SEQ_CST);
  return 0;
}

static long unlock_at(struct tophash_thread *self, uint32_t *word, struct tophash_site site) {
  if ((load(word) & FUTEX_TID_MASK) != self->tid) return -EPERM;
  __atomic_store_n(word, 0, __ATOMIC_RELEASE);
  tophash_wake(word, UINT32_MAX, UINT32_MAX);
  tophash_point(self, TOPHASH_POINT_UNLOCK, word, site);
  return 0;
}

/// True when this operation is modelled; then `*result` is the kernel's answer.
static bool futex(struct tophash_thread *self, const long *a, struct tophash_site site,
                  long *result) {
  uint32_t *word = (uint32_t *)a[0];
  const struct timespec *time = (const struct timespec *)a[3];
  clockid_t clock = a[1] & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC;
  switch (a[1] & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
      *result = wait_at(self, word, (uint32_t)a[2], UINT32_MAX,
                        time != NULL ? tophash_deadline_in(time) : 0, site);
      return true;
    case FUTEX_WAIT_BITSET:
      *result = wait_at(self, word, (uint32_t)a[2], (uint32_t)a[5],
                        tophash_deadline_at(clock, time), site);
      return true;
    case FUTEX_WAKE:
      *result = wake_at(self, word, (uint32_t)a[2], UINT32_MAX, site);
      return true;
    case FUTEX_WAKE_BITSET:
      *result = wake_at(self, word, (uint32_t)a[2], (uint32_t)a[5], site);
      return true;
    case FUTEX_LOCK_PI:
      *result = lock_at(self, word, true, tophash_deadline_at(CLOCK_REALTIME, time), site);
      return true;
    case FUTEX_LOCK_PI2:
      *result = lock_at(self, word, true, tophash_deadline_at(clock, time), site);
      return true;
    case FUTEX_TRYLOCK_PI: *result = lock_at(self, word, false, 0, site); return true;
    case FUTEX_UNLOCK_PI: *result = unlock_at(self, word, site); return true;
    default: tophash_run.file->account.unmodelled++; return false;
  }
}

static long answer(long result) {
  if (result >= 0 || result < -4095) return result;
  errno = (int)-result;
  return -1;
}

TOPHASH_EXPORT long syscall(long number, ...) {
  long a[6];
  va_list arguments;
  va_start(arguments, number);
  for (int i = 0; i < 6; i++) a[i] = va_arg(arguments, long);
  va_end(arguments);
  if (number == SYS_futex || number == SYS_getrandom) {
    struct tophash_thread *self = tophash_enter();
    if (self != NULL) {
      long result = a[1];
      bool is_modelled = true;
      if (number == SYS_getrandom)
        tophash_random_bytes((void *)a[0], (size_t)a[1]);
      else
        is_modelled = futex(self, a, TOPHASH_SITE, &result);
      tophash_leave(self);
      if (is_modelled) return answer(result);
    }
  }
  return answer(tophash_call(number, a[0], a[1], a[2], a[3], a[4], a[5]));
}
