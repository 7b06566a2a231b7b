// Who runs: one thread at a time, and at its points the scheduler says which.

#include "tophash_explore.h"

#include <errno.h>
#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct tophash_run tophash_run;
bool tophash_is_controlled;
__thread struct tophash_thread *tophash_self __attribute__((tls_model("initial-exec")));

static struct tophash_candidate candidates[TOPHASH_THREADS];

static struct tophash_account *account(void) { return &tophash_run.file->account; }

static uint32_t state_of(const struct tophash_thread *thread) {
  // Acquire: pairs with the release by which a thread outside says that it is back.
  return __atomic_load_n(&thread->state, __ATOMIC_ACQUIRE);
}

// MARK: Handing over

static void hand_to(struct tophash_thread *next) {
  // Release: everything that the holder did happens before what the next one does.
  __atomic_store_n(&next->turn, 1, __ATOMIC_RELEASE);
  tophash_call(SYS_futex, (long)&next->turn, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
}

/// A thread that ended still gives back its stack and its memory. Whoever runs next waits
/// until it is gone, so that the next allocation finds the heap as in every other run.
static void await_exit(void) {
  uint32_t tid = tophash_run.exiting;
  if (tid == 0) return;
  long process = tophash_call(SYS_getpid, 0, 0, 0, 0, 0, 0);
  while (tophash_call(SYS_tgkill, process, tid, 0, 0, 0, 0) == 0)
    tophash_call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
  tophash_run.exiting = 0;
}

void tophash_await_turn(struct tophash_thread *self) {
  // Acquire: pairs with the release in `hand_to`.
  while (__atomic_load_n(&self->turn, __ATOMIC_ACQUIRE) == 0)
    tophash_call(SYS_futex, (long)&self->turn, FUTEX_WAIT_PRIVATE, 0, 0, 0, 0);
  __atomic_store_n(&self->turn, 0, __ATOMIC_RELAXED);
  account()->holder_tid = self->tid;
  await_exit();
}

/// Whether all that `thread` can do now is to find its lock taken.
static bool is_stuck(const struct tophash_thread *thread) {
  uint32_t owner = thread->wanted != NULL ? (uint32_t)thread->wanted->__data.__owner : 0;
  return owner != 0 && owner != thread->tid;
}

/// Who waits can go on so far as to run the handler of a signal.
bool tophash_is_ready(const struct tophash_thread *thread) {
  uint32_t state = state_of(thread);
  return state == TOPHASH_THREAD_READY ||
         (state == TOPHASH_THREAD_WAITING && tophash_has_signal(thread));
}

/// Who is ready; and `sleeper`, unless that is NULL.
static uint32_t collect(const struct tophash_thread *sleeper) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < tophash_run.thread_count; i++) {
    struct tophash_thread *thread = &tophash_run.threads[i];
    bool is_asleep = thread == sleeper;
    if (!is_asleep && !tophash_is_ready(thread)) continue;
    candidates[count++] = (struct tophash_candidate){
        .thread = thread->id, .point = thread->point, .object = thread->object,
        .place = thread->place, .is_stuck = is_stuck(thread), .is_asleep = is_asleep};
  }
  return count;
}

static struct tophash_thread *choose(struct tophash_thread *self, bool is_free) {
  for (;;) {
    uint32_t count;
    while ((count = collect(NULL)) == 0) tophash_idle(self);
    struct tophash_thread *sleeper = tophash_sleeper();
    if (sleeper != NULL) count = collect(sleeper);
    uint32_t next = tophash_scheduler_choose(&tophash_run.scheduler, self->id, self->steps,
                                             is_free, candidates, count);
    bool is_awake = sleeper == NULL || next != sleeper->id || tophash_let_in(sleeper);
    if (is_awake) return &tophash_run.threads[next];
  }
}

// MARK: Points

static uint32_t stack_of(const struct tophash_thread *thread, uint64_t *frames) {
  uint32_t count = 0;
  if (thread->pc != 0) frames[count++] = thread->pc;
  return count + tophash_walk(thread->frame, frames + count, TOPHASH_FRAMES - count);
}

/// By which calls of the program `thread` came where it is, as one number: only to be compared,
/// since it is another one in each process.
static uint64_t place_of(const struct tophash_thread *thread) {
  uint64_t frames[TOPHASH_FRAMES], place = 0;
  uint32_t count = stack_of(thread, frames);
  for (uint32_t i = 0; i < count; i++)
    if (tophash_is_program((const void *)frames[i])) place = (place ^ frames[i]) * 0x9E3779B97F4A7C15ull;
  return place;
}

static void keep_event(struct tophash_thread *self) {
  struct tophash_account *now = account();
  if (now->event_count >= TOPHASH_EVENTS) return;
  struct tophash_event *event = &tophash_run.file->events[now->event_count];
  *event = (struct tophash_event){
      .thread = self->id,
      .point = self->point,
      .object = self->object,
      .own_step = self->steps,
      .address = self->address,
      .time = now->time,
      .is_early = self->is_early,
  };
  event->task = tophash_current_task(event->task_name, sizeof event->task_name);
  event->frame_count = stack_of(self, event->frames);
  // Last: a crash leaves whole events only.
  __atomic_store_n(&now->event_count, now->event_count + 1, __ATOMIC_RELEASE);
}

/// `self` was chosen and does what it announced.
static void perform(struct tophash_thread *self) {
  struct tophash_account *now = account();
  struct tophash_candidate step = {
      .thread = self->id, .point = self->point, .object = self->object};
  uint32_t count = 0;
  if (tophash_policy_asks_pending(tophash_run.file->order.policy)) count = collect(NULL);
  tophash_scheduler_step(&tophash_run.scheduler, step, candidates, count);
  if (tophash_unlikely(tophash_run.file->order.is_detailed)) keep_event(self);
  self->is_early = false;
  if (self != tophash_run.let_in) tophash_run.let_in = NULL;
  if (now->steps - tophash_run.limit_from >= tophash_run.file->order.step_limit)
    tophash_finish(TOPHASH_END_STEPS);
}

static void announce(struct tophash_thread *self, enum tophash_point point,
                     const volatile void *object, struct tophash_site site) {
  self->point = point;
  self->address = (uint64_t)object;
  self->object = tophash_object(&tophash_run.objects, (uint64_t)object);
  self->frame = !site.is_own && self->outer != NULL ? self->outer : site.frame;
  self->pc = site.pc;
  if (tophash_policy_asks_place(tophash_run.file->order.policy)) self->place = place_of(self);
  self->steps++;
}

void tophash_point(struct tophash_thread *self, enum tophash_point point,
                   const volatile void *object, struct tophash_site site) {
  // Code of the runtime may wait, but offers no choice: its order is not the program's business.
  if (!site.is_own && point != TOPHASH_POINT_YIELD) return;
  // A signal handler runs to its end.
  if (self->is_handling) return;
  if (site.is_own) tophash_run.looks = 0;
  announce(self, point, object, site);
  struct tophash_thread *next = choose(self, true);
  if (next != self) {
    hand_to(next);
    tophash_await_turn(self);
  }
  perform(self);
  tophash_take_signals(self);
}

/// Whether the call that waits so may fail because of a signal.
static bool is_interruptible(enum tophash_point point) {
  return point == TOPHASH_POINT_SLEEP || point == TOPHASH_POINT_SUSPEND ||
         point == TOPHASH_POINT_DESCRIPTOR || point == TOPHASH_POINT_ACQUIRE ||
         point == TOPHASH_POINT_FUTEX;
}

bool tophash_wait(struct tophash_thread *self, enum tophash_point point,
                  const volatile void *object, uint64_t deadline, struct tophash_site site) {
  self->deadline = deadline;
  self->timed_out = false;
  self->interrupted = TOPHASH_GOES_ON;
  self->since = ++tophash_run.waits;
  for (;;) {
    announce(self, point, object, site);
    __atomic_store_n(&self->state, TOPHASH_THREAD_WAITING, __ATOMIC_RELAXED);
    struct tophash_thread *next = choose(self, true);
    if (next != self) {
      hand_to(next);
      tophash_await_turn(self);
    }
    // Otherwise it is here for a signal alone, and nothing has ended its wait.
    bool is_over = state_of(self) == TOPHASH_THREAD_READY;
    __atomic_store_n(&self->state, TOPHASH_THREAD_READY, __ATOMIC_RELAXED);
    perform(self);
    tophash_take_signals(self);
    // Whoever was woken is not interrupted as well: what it was woken for would be lost.
    if (is_over) self->interrupted = TOPHASH_GOES_ON;
    bool is_interrupted = self->interrupted != TOPHASH_GOES_ON && is_interruptible(point);
    if (is_over || is_interrupted) break;
  }
  self->deadline = 0;
  return self->timed_out;
}

uint32_t tophash_wake(const volatile void *object, uint32_t count, uint32_t futex_bits) {
  uint32_t woken = 0;
  while (woken < count) {
    struct tophash_thread *first = NULL;
    for (uint32_t i = 0; i < tophash_run.thread_count; i++) {
      struct tophash_thread *thread = &tophash_run.threads[i];
      bool waits = state_of(thread) == TOPHASH_THREAD_WAITING &&
                   thread->address == (uint64_t)object && thread->address != 0 &&
                   (thread->futex_bits & futex_bits) != 0;
      if (waits && (first == NULL || thread->since < first->since)) first = thread;
    }
    if (first == NULL) break;
    __atomic_store_n(&first->state, TOPHASH_THREAD_READY, __ATOMIC_RELAXED);
    woken++;
  }
  return woken;
}

// MARK: In and out

/// A thread that the watchdog took the baton from has come back.
static TOPHASH_COLD void come_back(struct tophash_thread *self) {
  __atomic_store_n(&self->state, TOPHASH_THREAD_READY, __ATOMIC_RELEASE);
  tophash_await_turn(self);
}

struct tophash_thread *tophash_enter(void) {
  struct tophash_thread *self = tophash_self;
  if (tophash_likely(self == NULL) || self->inside) return NULL;
  self->inside = true;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  if (tophash_unlikely(state_of(self) == TOPHASH_THREAD_OUTSIDE)) come_back(self);
  return self;
}

void tophash_end_thread(struct tophash_thread *self) {
  announce(self, TOPHASH_POINT_END, NULL, (struct tophash_site){0});
  perform(self);
  tophash_wake(self, UINT32_MAX, UINT32_MAX);
  __atomic_store_n(&self->state, TOPHASH_THREAD_ENDED, __ATOMIC_RELAXED);
  struct tophash_thread *next = choose(self, true);
  tophash_run.exiting = self->tid;
  hand_to(next);
}

bool tophash_give_away(struct tophash_thread *self, bool stays_ready) {
  uint32_t before = self->state;
  __atomic_store_n(&self->state, TOPHASH_THREAD_OUTSIDE, __ATOMIC_RELAXED);
  uint32_t count = collect(NULL);
  if (count == 0 && !stays_ready && tophash_pass_time()) count = collect(NULL);
  if (count == 0) {
    __atomic_store_n(&self->state, before, __ATOMIC_RELAXED);
    return false;
  }
  if (stays_ready) __atomic_store_n(&self->state, TOPHASH_THREAD_READY, __ATOMIC_RELAXED);
  struct tophash_thread *next = &tophash_run.threads[candidates[0].thread];
  for (uint32_t i = 0; i < count; i++) {
    if (candidates[i].thread <= self->id) continue;
    next = &tophash_run.threads[candidates[i].thread];
    break;
  }
  hand_to(next);
  return true;
}

// MARK: The end

static void describe(const struct tophash_thread *thread, struct tophash_thread_account *into) {
  *into = (struct tophash_thread_account){
      .state = state_of(thread),
      .point = thread->point,
      .object = thread->object,
      .steps = thread->steps,
      .creator = thread->creator,
      .is_pool = thread->is_pool,
      .deadline = thread->deadline,
      .holder = TOPHASH_NO_THREAD,
  };
  memcpy(into->name, thread->name, sizeof into->name);
  if (into->state == TOPHASH_THREAD_ENDED) return;
  into->frame_count = stack_of(thread, into->frames);
  bool is_lock = thread->point == TOPHASH_POINT_LOCK && into->state == TOPHASH_THREAD_WAITING;
  if (!is_lock) return;
  pthread_mutex_t mutex;
  memcpy(&mutex, (const void *)thread->address, sizeof mutex);
  struct tophash_thread *holder = tophash_thread_of_tid((uint32_t)mutex.__data.__owner);
  if (holder != NULL) into->holder = holder->id;
}

void tophash_describe_threads(void) {
  struct tophash_account *now = account();
  now->thread_count = tophash_run.thread_count;
  for (uint32_t i = 0; i < tophash_run.thread_count; i++)
    describe(&tophash_run.threads[i], &now->threads[i]);
}

_Noreturn void tophash_finish(enum tophash_end end) {
  account()->end = end;
  tophash_describe_threads();
  for (;;) tophash_call(SYS_exit_group, 0, 0, 0, 0, 0, 0);
}
