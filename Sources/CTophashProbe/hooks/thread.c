// The probe's view of one thread.

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "strands.h"
#include "tophash_facts.h"
#include "tophash_probe.h"

__thread struct tophash_thread tophash_self __attribute__((tls_model("initial-exec")));

// Kernel thread ids by index. 0 is nobody; index 0 stands for "too many".
static uint32_t thread_ids[1 << 16];
// Their thread-local structures; read by others only through tophash_memory_read.
static struct tophash_thread *threads[1 << 16];
static uint32_t next_index;
uint64_t tophash_seed;
static pthread_key_t exit_key;
static bool has_exit_key;

tophash_owner tophash_thread_owner(void) {
  uint64_t identity = ((uint64_t)&tophash_self & TOPHASH_IDENTITY_MASK) | 1;
  return identity | (uint64_t)tophash_self.index << 48;
}

uint32_t tophash_thread_id(tophash_owner owner) {
  return __atomic_load_n(&thread_ids[owner >> 48], __ATOMIC_RELAXED);
}

uint64_t tophash_thread_address(tophash_owner owner) {
  return (uint64_t)__atomic_load_n(&threads[owner >> 48], __ATOMIC_RELAXED);
}

tophash_owner tophash_owner_on_thread(tophash_owner owner) {
  uint64_t thread = tophash_thread_address(owner);
  tophash_owner now = 0;
  if (thread == 0 || owner >> 48 == 0) return 0;
  tophash_memory_read(thread + offsetof(struct tophash_thread, owner), &now, sizeof now);
  return now;
}

static uint16_t claim_index(uint32_t tid) {
  for (int attempt = 0; attempt < 1024; attempt++) {
    uint16_t index = (uint16_t)__atomic_add_fetch(&next_index, 1, __ATOMIC_RELAXED);
    uint32_t nobody = 0;
    if (index == 0) continue;
    if (__atomic_compare_exchange_n(&thread_ids[index], &nobody, tid, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED))
      return index;
  }
  return 0;
}

/// Runs when a thread ends, by return or pthread_exit. Swift code may still
/// run in later destructors: it attaches the thread anew.
static void thread_will_exit(void *unused) {
  (void)unused;
  struct tophash_thread *self = &tophash_self;
  if (self->counters == NULL) return;
  if (tophash_process.has_clocks) tophash_strand_thread_exit();
  // An access that never ends would be found by everybody who comes later, and
  // its memory belongs to somebody else soon. Closes the race of a thread that
  // exits inside an access.
  if (self->open != 0)
    tophash_overlap_discard_all(tophash_process.table,
                                tophash_owner_identity(tophash_thread_owner()));
  __atomic_store_n(&threads[self->index], NULL, __ATOMIC_RELAXED);
  __atomic_store_n(&thread_ids[self->index], 0, __ATOMIC_RELAXED);
  self->counters = NULL;
  self->open = 0;
  self->owner = 0;
}

void tophash_thread_start(void) {
  has_exit_key = pthread_key_create(&exit_key, thread_will_exit) == 0;
}

struct tophash_interrupted tophash_cold_begin(void) {
  struct tophash_interrupted before = {.error = errno};
  pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before.cancellation);
  return before;
}

void tophash_cold_end(struct tophash_interrupted before) {
  pthread_setcancelstate(before.cancellation, NULL);
  errno = before.error;
}

TOPHASH_COLD void tophash_thread_attach(void) {
  struct tophash_thread *self = &tophash_self;
  if (self->counters != NULL) return;
  tophash_process_settle();
  uint64_t task = self->owner;  // a task may have entered before the first access
  uint32_t tid = (uint32_t)syscall(SYS_gettid);
  self->index = claim_index(tid);
  self->random = ((uint64_t)self->index + tophash_seed) * 0x9E3779B97F4A7C15ull | 1;
  self->open = 0;
  self->owner = task == 0 ? tophash_thread_owner()
                          : (task & TOPHASH_IDENTITY_MASK) | (uint64_t)self->index << 48;
  __atomic_store_n(&threads[self->index], self, __ATOMIC_RELAXED);
  // Last: from here on the thread counts as attached, also for a signal handler.
  __atomic_signal_fence(__ATOMIC_RELEASE);
  self->counters = &tophash_events.counters[self->index % TOPHASH_COUNTERS];
  if (has_exit_key) pthread_setspecific(exit_key, self);
  __atomic_fetch_add(&tophash_events.header->threads_seen, 1, __ATOMIC_RELAXED);
}

void tophash_thread_forked(void) {
  memset(thread_ids, 0, sizeof thread_ids);
  uint64_t owner = tophash_self.owner;
  bool in_task = owner != 0 && (owner & 1) == 0;
  memset(&tophash_self, 0, sizeof tophash_self);
  if (in_task) tophash_self.owner = owner & TOPHASH_IDENTITY_MASK;
}
