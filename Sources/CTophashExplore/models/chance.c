// Chance, the same in every run: also a program that shuffles runs the same way twice.

#include "tophash_explore.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/sysinfo.h>
#include <sched.h>
#include <unistd.h>

// As many as make pools wide enough on a small machine, too.
#define PROCESSORS 16

TOPHASH_REAL(ssize_t, getrandom, (void *, size_t, unsigned))
TOPHASH_REAL(int, getentropy, (void *, size_t))
TOPHASH_REAL(void, arc4random_buf, (void *, size_t))

void tophash_random_bytes(void *into, size_t size) {
  static uint64_t state = 0x5EED;
  uint8_t *bytes = into;
  for (size_t i = 0; i < size; i++) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    bytes[i] = (uint8_t)(state >> 56);
  }
}

TOPHASH_EXPORT ssize_t getrandom(void *into, size_t size, unsigned flags) {
  if (tophash_self == NULL) return getrandom_real()(into, size, flags);
  tophash_random_bytes(into, size);
  return (ssize_t)size;
}

TOPHASH_EXPORT int getentropy(void *into, size_t size) {
  if (tophash_self == NULL) return getentropy_real()(into, size);
  tophash_random_bytes(into, size);
  return 0;
}

TOPHASH_EXPORT void arc4random_buf(void *into, size_t size) {
  if (tophash_self == NULL) {
    if (arc4random_buf_real() != NULL) return arc4random_buf_real()(into, size);
    (void)!getrandom_real()(into, size, 0);
    return;
  }
  tophash_random_bytes(into, size);
}

TOPHASH_EXPORT uint32_t arc4random(void) {
  uint32_t value;
  arc4random_buf(&value, sizeof value);
  return value;
}

// MARK: Processors

TOPHASH_REAL(long, sysconf, (int))
TOPHASH_REAL(int, sched_getaffinity, (pid_t, size_t, cpu_set_t *))
TOPHASH_REAL(int, pthread_getaffinity_np, (pthread_t, size_t, cpu_set_t *))

bool tophash_is_wanted(void);

TOPHASH_EXPORT long sysconf(int name) {
  bool counts = name == _SC_NPROCESSORS_ONLN || name == _SC_NPROCESSORS_CONF;
  return counts && tophash_is_wanted() ? PROCESSORS : sysconf_real()(name);
}

static void pretend(size_t size, cpu_set_t *set) {
  memset(set, 0, size);
  for (int i = 0; i < PROCESSORS && (size_t)i < size * 8; i++) CPU_SET_S(i, size, set);
}

TOPHASH_EXPORT int sched_getaffinity(pid_t process, size_t size, cpu_set_t *set) {
  if (!tophash_is_wanted()) return sched_getaffinity_real()(process, size, set);
  pretend(size, set);
  return 0;
}

TOPHASH_EXPORT int pthread_getaffinity_np(pthread_t thread, size_t size, cpu_set_t *set) {
  if (!tophash_is_wanted()) return pthread_getaffinity_np_real()(thread, size, set);
  pretend(size, set);
  return 0;
}
