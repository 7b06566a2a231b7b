// Who goes on: the policies.

#include <string.h>

#include "tophash_schedule.h"

// A thread that passed so many points without a switch probably waits for
// another one by looking again and again.
#define SPIN_LIMIT 2000

// Priorities below this were lowered.
#define LOWERED (1ull << 62)

/// The next random number (splitmix64, Steele et al. 2014).
static uint64_t draw(struct tophash_scheduler *scheduler) {
  uint64_t z = scheduler->random += 0x9E3779B97F4A7C15ull;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

static uint32_t draw_below(struct tophash_scheduler *scheduler, uint32_t limit) {
  return (uint32_t)((draw(scheduler) >> 32) * limit >> 32);
}

/// A priority above all that were lowered.
static uint64_t draw_priority(struct tophash_scheduler *scheduler) {
  return draw(scheduler) | 1ull << 63;
}

static uint32_t policy_of(const struct tophash_scheduler *scheduler) {
  return scheduler->order->policy;
}

bool tophash_policy_asks_pending(uint32_t policy) {
  return policy == TOPHASH_POLICY_POS || policy == TOPHASH_POLICY_POS_LATE ||
         policy == TOPHASH_POLICY_ALIKE || policy == TOPHASH_POLICY_HOLD;
}

bool tophash_policy_asks_place(uint32_t policy) { return policy == TOPHASH_POLICY_ALIKE; }

// MARK: Start

/// Chains the choices to follow, for each thread in the order in which they are written.
static void link_choices(struct tophash_scheduler *scheduler) {
  const struct tophash_order *order = scheduler->order;
  for (uint32_t i = 0; i < TOPHASH_THREADS; i++) scheduler->next_choice[i] = TOPHASH_CHOICES;
  if (!order->is_replay) return;
  uint32_t count = order->choice_count < TOPHASH_CHOICES ? order->choice_count : TOPHASH_CHOICES;
  for (uint32_t i = count; i-- > 0;) {
    uint32_t thread = order->choices[i].thread;
    if (thread >= TOPHASH_THREADS) continue;
    scheduler->following[i] = scheduler->next_choice[thread];
    scheduler->next_choice[thread] = i;
  }
}

/// Whether new threads wait until those before them cannot go on.
static bool draw_lateness(struct tophash_scheduler *scheduler) {
  switch (policy_of(scheduler)) {
    case TOPHASH_POLICY_POS_LATE:
    case TOPHASH_POLICY_HOLD: return true;
    // Half of the runs: where the starter takes part, it must not get ahead always.
    case TOPHASH_POLICY_ALIKE: return draw_below(scheduler, 2) == 0;
    default: return false;
  }
}

void tophash_scheduler_start(struct tophash_scheduler *scheduler, const struct tophash_order *order,
                             struct tophash_account *account,
                             struct tophash_crossroads *crossroads) {
  memset(scheduler, 0, offsetof(struct tophash_scheduler, following));
  scheduler->order = order;
  scheduler->account = account;
  scheduler->crossroads = crossroads;
  scheduler->random = order->seed;
  scheduler->floor = LOWERED;
  draw(scheduler);
  scheduler->starts_are_late = draw_lateness(scheduler);
  uint32_t length = order->length > 0 ? order->length : 100;
  uint32_t changes = order->depth > 1 ? order->depth - 1 : 0;
  for (uint32_t i = 0; i < changes && i < 16; i++)
    scheduler->change_at[i] = 1 + draw_below(scheduler, length);
  link_choices(scheduler);
}

void tophash_scheduler_add(struct tophash_scheduler *scheduler, uint32_t thread) {
  if (thread >= TOPHASH_THREADS) return;
  if (thread >= scheduler->thread_count) scheduler->thread_count = thread + 1;
  scheduler->priority[thread] = draw_priority(scheduler);
  scheduler->is_late[thread] = scheduler->starts_are_late && thread != 0;
}

// MARK: Choosing

static bool can_go_on(uint32_t thread, const struct tophash_candidate *candidates, uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (candidates[i].thread == thread) return true;
  return false;
}

/// What `thread` would do next; 0 when it cannot go on, or sleeps.
static uint32_t point_of(uint32_t thread, const struct tophash_candidate *candidates,
                         uint32_t count) {
  for (uint32_t i = 0; i < count; i++)
    if (candidates[i].thread == thread && !candidates[i].is_asleep) return candidates[i].point;
  return 0;
}

/// The same thread; when it cannot or would rather not go on, the next in order that is awake.
static uint32_t by_default(const struct tophash_scheduler *scheduler, uint32_t current,
                           const struct tophash_candidate *candidates, uint32_t count) {
  uint32_t point = point_of(current, candidates, count);
  bool stays = point != 0 && point != TOPHASH_POINT_YIELD && scheduler->unbroken < SPIN_LIMIT;
  if (stays) return current;
  uint32_t first = TOPHASH_NO_THREAD;
  for (uint32_t i = 0; i < count; i++) {
    if (candidates[i].is_asleep) continue;
    if (candidates[i].thread > current) return candidates[i].thread;
    if (first == TOPHASH_NO_THREAD) first = candidates[i].thread;
  }
  return first != TOPHASH_NO_THREAD ? first : candidates[0].thread;
}

static uint32_t by_priority(struct tophash_scheduler *scheduler,
                            const struct tophash_candidate *candidates, uint32_t count) {
  uint32_t best = candidates[0].thread;
  for (uint32_t i = 1; i < count; i++)
    if (scheduler->priority[candidates[i].thread] > scheduler->priority[best])
      best = candidates[i].thread;
  return best;
}

static bool are_alike(struct tophash_candidate one, struct tophash_candidate other) {
  return one.point == other.point && one.object == other.object && one.place == other.place;
}

/// One of each kind takes part, then one of the best kind goes on.
static uint32_t by_kind(struct tophash_scheduler *scheduler,
                        const struct tophash_candidate *candidates, uint32_t count) {
  struct tophash_candidate kinds[TOPHASH_THREADS];
  uint32_t kind_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    // What happens first in a thread is told by nothing yet, so it is got out of the way.
    if (candidates[i].point == TOPHASH_POINT_START) return candidates[i].thread;
    bool is_new = true;
    for (uint32_t k = 0; k < kind_count && is_new; k++) is_new = !are_alike(kinds[k], candidates[i]);
    if (is_new) kinds[kind_count++] = candidates[i];
  }
  uint32_t best = by_priority(scheduler, kinds, kind_count);
  struct tophash_candidate kind = {0};
  for (uint32_t k = 0; k < kind_count; k++)
    if (kinds[k].thread == best) kind = kinds[k];
  uint32_t members[TOPHASH_THREADS], member_count = 0;
  for (uint32_t i = 0; i < count; i++)
    if (are_alike(candidates[i], kind)) members[member_count++] = candidates[i].thread;
  return members[draw_below(scheduler, member_count)];
}

static uint32_t by_policys_priority(struct tophash_scheduler *scheduler,
                                    const struct tophash_candidate *candidates, uint32_t count) {
  if (policy_of(scheduler) == TOPHASH_POLICY_ALIKE) return by_kind(scheduler, candidates, count);
  return by_priority(scheduler, candidates, count);
}

static uint32_t by_late_priority(struct tophash_scheduler *scheduler,
                                 const struct tophash_candidate *candidates, uint32_t count) {
  struct tophash_candidate early[TOPHASH_THREADS];
  uint32_t early_count = 0;
  bool can_go_on = false;
  for (uint32_t i = 0; i < count; i++) {
    if (scheduler->is_late[candidates[i].thread]) continue;
    early[early_count++] = candidates[i];
    can_go_on |= !candidates[i].is_asleep;
  }
  if (can_go_on) return by_policys_priority(scheduler, early, early_count);
  // Those before them cannot go on: now all begin at once.
  for (uint32_t i = 0; i < count; i++) {
    scheduler->is_late[candidates[i].thread] = false;
    scheduler->priority[candidates[i].thread] = draw_priority(scheduler);
  }
  return by_policys_priority(scheduler, candidates, count);
}

static void lower(struct tophash_scheduler *scheduler, uint32_t thread) {
  scheduler->priority[thread] = --scheduler->floor;
}

/// Those who are not stuck, unless all are that are awake.
static uint32_t leave_out_stuck(const struct tophash_candidate *candidates, uint32_t count,
                                struct tophash_candidate *kept) {
  uint32_t kept_count = 0;
  bool can_go_on = false;
  for (uint32_t i = 0; i < count; i++) {
    if (candidates[i].is_stuck) continue;
    kept[kept_count++] = candidates[i];
    can_go_on |= !candidates[i].is_asleep;
  }
  if (can_go_on) return kept_count;
  memcpy(kept, candidates, count * sizeof *candidates);
  return count;
}

static uint32_t by_policy(struct tophash_scheduler *scheduler, uint32_t current,
                          const struct tophash_candidate *all, uint32_t count) {
  struct tophash_candidate candidates[TOPHASH_THREADS];
  count = leave_out_stuck(all, count, candidates);
  uint32_t point = point_of(current, candidates, count);
  bool is_spinning = point == TOPHASH_POINT_YIELD || scheduler->unbroken >= SPIN_LIMIT;
  switch (policy_of(scheduler)) {
    case TOPHASH_POLICY_RANDOM:
      return candidates[draw_below(scheduler, count)].thread;
    case TOPHASH_POLICY_STICKY:
      if (draw_below(scheduler, 10) == 0) return candidates[draw_below(scheduler, count)].thread;
      return by_default(scheduler, current, candidates, count);
    case TOPHASH_POLICY_PCT:
      for (uint32_t i = 0; i < 16; i++)
        if (scheduler->change_at[i] != 0 && scheduler->change_at[i] == scheduler->account->steps)
          lower(scheduler, current);
      if (is_spinning) lower(scheduler, current);
      return by_priority(scheduler, candidates, count);
    case TOPHASH_POLICY_POS:
      if (is_spinning) lower(scheduler, current);
      return by_priority(scheduler, candidates, count);
    case TOPHASH_POLICY_POS_LATE:
    case TOPHASH_POLICY_ALIKE:
    case TOPHASH_POLICY_HOLD:
      if (is_spinning) lower(scheduler, current);
      return by_late_priority(scheduler, candidates, count);
    default: return by_default(scheduler, current, candidates, count);
  }
}

/// The choice to follow at this step, or `otherwise`.
static uint32_t by_record(struct tophash_scheduler *scheduler, uint32_t current, uint32_t own_step,
                          uint32_t otherwise, const struct tophash_candidate *candidates,
                          uint32_t count) {
  uint32_t *next = &scheduler->next_choice[current];
  // Steps that were passed without a choice: the run has drifted away from the record.
  while (*next < TOPHASH_CHOICES && scheduler->order->choices[*next].step < own_step) {
    scheduler->account->drift++;
    *next = scheduler->following[*next];
  }
  if (*next >= TOPHASH_CHOICES || scheduler->order->choices[*next].step != own_step)
    return otherwise;
  uint32_t wanted = scheduler->order->choices[*next].next;
  *next = scheduler->following[*next];
  if (can_go_on(wanted, candidates, count)) return wanted;
  scheduler->account->drift++;
  return otherwise;
}

/// Remembers that others could have gone on here.
static void keep(struct tophash_scheduler *scheduler, uint32_t current, uint32_t own_step,
                 uint32_t usual, const struct tophash_candidate *candidates, uint32_t count) {
  struct tophash_account *account = scheduler->account;
  if (scheduler->crossroads == NULL || !scheduler->order->keeps_crossroads || count < 2) return;
  if (account->crossroads_count == TOPHASH_CROSSROADS) return;
  struct tophash_crossroads *kept = &scheduler->crossroads[account->crossroads_count++];
  *kept = (struct tophash_crossroads){.thread = current, .own_step = own_step, .usual = usual};
  for (uint32_t i = 0; i < count; i++) {
    uint32_t thread = candidates[i].thread;
    if (thread < TOPHASH_CROSSROADS_THREADS) kept->others[thread / 64] |= 1ull << thread % 64;
  }
}

uint32_t tophash_scheduler_choose(struct tophash_scheduler *scheduler, uint32_t current,
                                  uint32_t own_step, bool is_free,
                                  const struct tophash_candidate *candidates, uint32_t count) {
  uint32_t usual = by_default(scheduler, current, candidates, count);
  uint32_t next = usual;
  bool is_open = is_free || !can_go_on(current, candidates, count);
  if (scheduler->order->is_replay)
    next = by_record(scheduler, current, own_step, usual, candidates, count);
  else if (is_open)
    next = by_policy(scheduler, current, candidates, count);
  if (is_open) keep(scheduler, current, own_step, usual, candidates, count);
  struct tophash_account *account = scheduler->account;
  if (next != usual && account->choice_count < TOPHASH_CHOICES)
    account->choices[account->choice_count++] =
        (struct tophash_choice){.thread = current, .step = own_step, .next = next};
  if (next != current) {
    scheduler->unbroken = 0;
    account->switches++;
  } else {
    scheduler->unbroken++;
  }
  return next;
}

// MARK: After a step

static bool is_lowered(const struct tophash_scheduler *scheduler, uint32_t thread) {
  return scheduler->priority[thread] < LOWERED;
}

/// Whether others may have to wait for whoever did this.
static bool takes(uint32_t point) {
  return point == TOPHASH_POINT_LOCK || point == TOPHASH_POINT_READ_LOCK ||
         point == TOPHASH_POINT_WRITE_LOCK || point == TOPHASH_POINT_ACQUIRE ||
         point == TOPHASH_POINT_ATOMIC;
}

void tophash_scheduler_step(struct tophash_scheduler *scheduler, struct tophash_candidate step,
                            const struct tophash_candidate *pending, uint32_t count) {
  struct tophash_account *account = scheduler->account;
  account->steps++;
  account->last_thread = step.thread;
  uint64_t word = (uint64_t)step.thread << 40 | (uint64_t)step.point << 32 | step.object;
  uint64_t hash = (account->hash ^ word) * 0xFF51AFD7ED558CCDull;
  account->hash = hash ^ (hash >> 32);
  uint32_t policy = policy_of(scheduler);
  if (!tophash_policy_asks_pending(policy)) return;
  if (policy == TOPHASH_POLICY_HOLD && takes(step.point))
    lower(scheduler, step.thread);
  else if (step.point != TOPHASH_POINT_YIELD)
    scheduler->priority[step.thread] = draw_priority(scheduler);
  if (step.object == 0) return;
  for (uint32_t i = 0; i < count; i++) {
    bool races = pending[i].thread != step.thread && pending[i].object == step.object &&
                 tophash_points_conflict(pending[i].point, step.point);
    bool is_behind = policy == TOPHASH_POLICY_HOLD && is_lowered(scheduler, pending[i].thread);
    if (races && !is_behind) scheduler->priority[pending[i].thread] = draw_priority(scheduler);
  }
}
