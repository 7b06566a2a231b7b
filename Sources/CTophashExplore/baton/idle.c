// When no thread can go on: look at the descriptors, let time pass, or find that nothing will
// ever happen again.

#include "tophash_explore.h"

#include <sys/syscall.h>

#define DESCRIPTORS_MAX 256
// As many as workers that Dispatch could add, and more: it adds one at each look.
#define LOOKS_MAX 70
// Real time that the outside is given before virtual time passes, in nanoseconds: where it could do
// something, and where it is expected to.
#define GRACE 20000000ull
#define PATIENCE 5000000000ull
// The same for what goes through the machine's own network, which the kernel mostly does at once.
#define UNDERWAY_MS 10

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
  uint64_t earliest = tophash_timer_next(), alarm = tophash_alarm_next();
  if (alarm != 0 && (earliest == 0 || alarm < earliest)) earliest = alarm;
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
  tophash_alarm_expire(earliest);
  tophash_timer_expire(earliest);
  return true;
}

/// Whether all that `thread` waits for is something that another thread has and must give back, or
/// its end: no handler of a signal can help there.
static bool needs_thread(const struct tophash_thread *thread) {
  switch (thread->point) {
    case TOPHASH_POINT_LOCK:
    case TOPHASH_POINT_READ_LOCK:
    case TOPHASH_POINT_WRITE_LOCK:
    case TOPHASH_POINT_JOIN:
    case TOPHASH_POINT_ONCE:
    case TOPHASH_POINT_BARRIER: return true;
    default: return thread->is_pool;
  }
}

/// What something outside of this program's threads may do for one of them.
static enum tophash_outside look_outside(void) {
  enum tophash_outside most = TOPHASH_OUTSIDE_NOTHING;
  bool may_be_handled = false;
  for (uint32_t i = 0; i < tophash_run.thread_count; i++) {
    const struct tophash_thread *thread = &tophash_run.threads[i];
    uint32_t state = __atomic_load_n(&thread->state, __ATOMIC_ACQUIRE);
    // It is in a call that nobody knows, which ends by itself.
    if (state == TOPHASH_THREAD_OUTSIDE) return TOPHASH_OUTSIDE_EXPECTED;
    if (state != TOPHASH_THREAD_WAITING) continue;
    may_be_handled |= !needs_thread(thread);
    if (thread->asks != TOPHASH_ASKS_NOTHING && most < TOPHASH_OUTSIDE_POSSIBLE)
      most = TOPHASH_OUTSIDE_POSSIBLE;
    for (uint32_t j = 0; j < thread->descriptor_count; j++) {
      enum tophash_outside outside = tophash_outside_of(thread->descriptors[j].fd);
      if (outside > most) most = outside;
    }
  }
  if (may_be_handled && most < TOPHASH_OUTSIDE_POSSIBLE && tophash_has_handlers())
    most = TOPHASH_OUTSIDE_POSSIBLE;
  enum tophash_outside of_children = tophash_outside_of_children();
  return of_children > most ? of_children : most;
}

bool tophash_has_come(const struct tophash_thread *thread) {
  switch (thread->asks) {
    case TOPHASH_ASKS_CHILD: return tophash_child_has_ended(thread);
    case TOPHASH_ASKS_SIGNAL: return tophash_signal_is_kept(thread);
    default: return false;
  }
}

/// Looks for what has to be asked for, and for threads that others made ready.
static bool has_come(void) {
  bool woke = false;
  for (uint32_t i = 0; i < tophash_run.thread_count; i++) {
    struct tophash_thread *thread = &tophash_run.threads[i];
    if (waits(thread) && tophash_has_come(thread)) make_ready(thread);
    woke |= tophash_is_ready(thread);
  }
  return woke;
}

/// So many nanoseconds of real time.
static uint64_t real_time(void) {
  struct timespec now;
  tophash_call(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0, 0, 0, 0);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/// Waits for the outside. False when nothing came, and virtual time may pass.
///
/// Where somebody is expected to do something, time passes as it does for them, so that no timeout
/// comes before they had the time for it; where it is only possible, it is given a moment.
static bool await_outside(enum tophash_outside outside) {
  uint64_t start = real_time(), earliest = tophash_earliest_deadline();
  uint64_t before = account()->time;
  uint64_t limit = GRACE;
  if (outside == TOPHASH_OUTSIDE_EXPECTED) {
    limit = earliest > before ? earliest - before : earliest != 0 ? 0 : PATIENCE;
    if (limit > PATIENCE) limit = PATIENCE;
  }
  for (;;) {
    if (ask(1) || has_come()) return true;
    uint64_t passed = real_time() - start;
    if (passed >= limit) return false;
    if (outside == TOPHASH_OUTSIDE_EXPECTED) account()->time = before + passed;
  }
}

void tophash_idle(struct tophash_thread *self) {
  (void)self;
  if (tophash_run.waiters > 0 && ask(0)) return;
  enum tophash_outside outside = look_outside();
  // The watchdog is not to think that this thread is lost.
  account()->is_idle = 1;
  bool woke = outside == TOPHASH_OUTSIDE_NOTHING    ? false
              : outside == TOPHASH_OUTSIDE_UNDERWAY ? ask(UNDERWAY_MS)
                                                    : await_outside(outside);
  account()->is_idle = 0;
  if (woke) {
    if (outside > TOPHASH_OUTSIDE_UNDERWAY) account()->external++;
    return;
  }
  if (tophash_pass_time() || outside > TOPHASH_OUTSIDE_UNDERWAY) return;
  if (outside == TOPHASH_OUTSIDE_UNDERWAY && ask(10 * UNDERWAY_MS)) return;
  tophash_finish(TOPHASH_END_DEADLOCK);
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
