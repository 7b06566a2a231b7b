// When no thread can go on: look at the descriptors, let time pass, or find that nothing will
// ever happen again.

#include "tophash_explore.h"

#include <sys/syscall.h>

#define DESCRIPTORS_MAX 256
// As many as workers that Dispatch could add, and more: it adds one at each look.
#define LOOKS_MAX 70

static struct tophash_account *account(void) { return &tophash_run.file->account; }

static bool waits(const struct tophash_thread *thread) {
  return __atomic_load_n(&thread->state, __ATOMIC_ACQUIRE) == TOPHASH_THREAD_WAITING;
}

static void make_ready(struct tophash_thread *thread) {
  __atomic_store_n(&thread->state, TOPHASH_THREAD_READY, __ATOMIC_RELAXED);
}

/// Asks the kernel for all descriptors that threads wait for, for at most so long. True when
/// somebody was woken.
static bool ask(int milliseconds) {
  static struct pollfd all[DESCRIPTORS_MAX];
  uint32_t count = 0;
  for (uint32_t i = 0; i < tophash_run.thread_count; i++) {
    struct tophash_thread *thread = &tophash_run.threads[i];
    if (!waits(thread)) continue;
    for (uint32_t j = 0; j < thread->descriptor_count && count < DESCRIPTORS_MAX; j++)
      all[count++] = thread->descriptors[j];
  }
  struct timespec limit = {.tv_sec = milliseconds / 1000,
                           .tv_nsec = milliseconds % 1000 * 1000000};
  long ready = tophash_call(SYS_ppoll, (long)all, count, (long)&limit, 0, 8, 0);
  if (ready <= 0) return false;
  bool woke = false;
  uint32_t at = 0;
  for (uint32_t i = 0; i < tophash_run.thread_count; i++) {
    struct tophash_thread *thread = &tophash_run.threads[i];
    if (!waits(thread)) continue;
    bool is_ready = false;
    for (uint32_t j = 0; j < thread->descriptor_count && at < count; j++)
      is_ready |= all[at++].revents != 0;
    if (!is_ready) continue;
    make_ready(thread);
    woke = true;
  }
  return woke;
}

void tophash_check_descriptors(void) {
  if (tophash_run.waiters > 0) ask(0);
}

uint64_t tophash_earliest_deadline(void) {
  uint64_t earliest = tophash_timer_next();
  for (uint32_t i = 0; i < tophash_run.thread_count; i++) {
    struct tophash_thread *thread = &tophash_run.threads[i];
    bool has_deadline = waits(thread) && thread->deadline != 0;
    if (has_deadline && (earliest == 0 || thread->deadline < earliest))
      earliest = thread->deadline;
  }
  return earliest;
}

bool tophash_pass_time(void) {
  uint64_t earliest = tophash_earliest_deadline();
  if (earliest == 0) return false;
  // So far away there is only Dispatch, looking at its workers.
  bool is_look = earliest > account()->time + TOPHASH_MONITOR_INTERVAL / 2;
  if (is_look && ++tophash_run.looks > LOOKS_MAX) return false;
  if (earliest > account()->time) account()->time = earliest;
  for (uint32_t i = 0; i < tophash_run.thread_count; i++) {
    struct tophash_thread *thread = &tophash_run.threads[i];
    if (!waits(thread) || thread->deadline == 0 || thread->deadline > earliest) continue;
    thread->timed_out = true;
    make_ready(thread);
  }
  tophash_timer_expire(earliest);
  return true;
}

/// Whether something outside of this program's threads may wake one of them.
static bool depends_on_outside(bool *must_ask_again) {
  bool depends = false;
  for (uint32_t i = 0; i < tophash_run.thread_count; i++) {
    struct tophash_thread *thread = &tophash_run.threads[i];
    uint32_t state = __atomic_load_n(&thread->state, __ATOMIC_ACQUIRE);
    if (state == TOPHASH_THREAD_OUTSIDE) depends = *must_ask_again = true;
    if (state != TOPHASH_THREAD_WAITING) continue;
    if (thread->polls) depends = *must_ask_again = true;
    for (uint32_t j = 0; j < thread->descriptor_count; j++)
      depends |= !tophash_is_inner_descriptor(thread->descriptors[j].fd);
  }
  return depends;
}

static bool is_anybody_ready(void) {
  for (uint32_t i = 0; i < tophash_run.thread_count; i++)
    if (__atomic_load_n(&tophash_run.threads[i].state, __ATOMIC_ACQUIRE) == TOPHASH_THREAD_READY)
      return true;
  return false;
}

void tophash_idle(struct tophash_thread *self) {
  (void)self;
  if (tophash_run.waiters > 0 && ask(0)) return;
  bool must_ask_again = false;
  if (depends_on_outside(&must_ask_again)) {
    // The watchdog is not to think that this thread is lost.
    account()->is_idle = 1;
    bool woke = ask(must_ask_again ? 1 : 20);
    account()->is_idle = 0;
    if (woke) account()->external++;
    if (woke || is_anybody_ready()) return;
    // What can be asked for again is asked for: those threads look for themselves.
    for (uint32_t i = 0; i < tophash_run.thread_count; i++) {
      struct tophash_thread *thread = &tophash_run.threads[i];
      if (!waits(thread) || !thread->polls) continue;
      account()->external++;
      make_ready(thread);
      woke = true;
    }
    if (!woke) tophash_pass_time();
    return;
  }
  if (!tophash_pass_time()) tophash_finish(TOPHASH_END_DEADLOCK);
}

bool tophash_wait_descriptors(struct tophash_thread *self, struct pollfd *descriptors,
                              uint32_t count, uint64_t deadline, struct tophash_site site) {
  self->descriptors = descriptors;
  self->descriptor_count = count;
  tophash_run.waiters++;
  bool timed_out = tophash_wait(self, TOPHASH_POINT_DESCRIPTOR, NULL, deadline, site);
  tophash_run.waiters--;
  self->descriptors = NULL;
  self->descriptor_count = 0;
  return timed_out;
}
