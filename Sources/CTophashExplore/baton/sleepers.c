// Who sleeps may be let in before those who can go on: as if these were held up meanwhile.
//
// A thread that can go on may lose its processor at any moment, for as long as it pleases the
// system. So whoever sleeps may wake first. But a second of that is so rare that nobody wants to
// hear of it, so in a run there is only so much (`delay_ms` of the order), in all.
//
// - Sleeps end in the order of their deadlines: only the earliest one is let in.
// - It is no timeout that comes early: where the earliest deadline is that of a wait for something
//   else, nobody is let in, and it comes when nothing else can happen.
// - Whoever sleeps again at once is not let in again before another thread has made a step.

#include "tophash_explore.h"

// What each time costs at least: a loop of shorter sleeps is not to go on for ever.
#define COST_MIN 1000000ull

static struct tophash_account *account(void) { return &tophash_run.file->account; }

static uint64_t cost_of(uint64_t deadline) {
  uint64_t time = account()->time;
  uint64_t passes = deadline > time ? deadline - time : 0;
  return passes > COST_MIN ? passes : COST_MIN;
}

struct tophash_thread *tophash_sleeper(void) {
  uint64_t earliest = tophash_earliest_deadline();
  uint64_t limit = tophash_run.file->order.delay_ms * 1000000ull;
  // That far away is only Dispatch, looking at its workers.
  bool is_look = earliest > account()->time + TOPHASH_MONITOR_INTERVAL / 2;
  if (earliest == 0 || is_look || tophash_run.held_up + cost_of(earliest) > limit) return NULL;
  struct tophash_thread *sleeper = NULL;
  for (uint32_t i = 0; i < tophash_run.thread_count; i++) {
    struct tophash_thread *thread = &tophash_run.threads[i];
    if (__atomic_load_n(&thread->state, __ATOMIC_ACQUIRE) != TOPHASH_THREAD_WAITING) continue;
    bool wakes = thread->deadline != 0 && thread->deadline <= earliest;
    bool sleeps = wakes && thread->point == TOPHASH_POINT_SLEEP;
    if (wakes && !sleeps) return NULL;  // a timeout
    bool is_timed = thread->descriptor_count > 0 &&
                    tophash_timer_is_awaited(thread->descriptors, thread->descriptor_count, earliest);
    bool may_wake =
        (sleeps || is_timed) && thread != tophash_run.let_in && !tophash_has_signal(thread);
    if (may_wake && sleeper == NULL) sleeper = thread;
  }
  return sleeper;
}

bool tophash_let_in(struct tophash_thread *sleeper) {
  tophash_run.held_up += cost_of(tophash_earliest_deadline());
  tophash_pass_time();
  tophash_run.let_in = sleeper;
  sleeper->is_early = true;
  // A loop that sleeps and looks has no end while others are held up. That is over when `delay_ms`
  // is; what it did until then is no livelock.
  tophash_run.limit_from = account()->steps;
  return __atomic_load_n(&sleeper->state, __ATOMIC_ACQUIRE) == TOPHASH_THREAD_READY;
}
