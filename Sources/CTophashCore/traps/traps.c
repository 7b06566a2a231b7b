// Near misses and the traps that they arm.

#include "tophash_traps.h"

static uint64_t load(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_RELAXED); }
static void store(uint64_t *word, uint64_t value) { __atomic_store_n(word, value, __ATOMIC_RELAXED); }
static void count(uint64_t *word) { __atomic_fetch_add(word, 1, __ATOMIC_RELAXED); }

static uint64_t hash(uint64_t value, int bits) {
  return (value * 0x9E3779B97F4A7C15ull) >> (64 - bits);
}

void tophash_traps_start(struct tophash_traps *traps, uint64_t now_ns, uint32_t budget_permille) {
  traps->start_ns = now_ns;
  traps->budget_permille = budget_permille;
  traps->enabled = budget_permille > 0;
}

/// The trap at `pc`; with `arm`, a new one when there is none and room is left.
static struct tophash_trap *trap_at(struct tophash_traps *traps, uint64_t pc, bool arm) {
  const uint64_t mask = (1u << TOPHASH_TRAP_BITS) - 1;
  uint64_t index = hash(pc, TOPHASH_TRAP_BITS);
  for (int probe = 0; probe < 16; probe++, index = (index + 1) & mask) {
    struct tophash_trap *trap = &traps->sites[index];
    uint64_t found = load(&trap->pc);
    if (found == pc) return trap;
    if (found != 0) continue;
    if (!arm) return NULL;
    // Of two threads that arm the same free place one wins; the other looks again.
    if (__atomic_compare_exchange_n(&trap->pc, &found, pc, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED)) {
      count(&traps->armed);
      return trap;
    }
    if (found == pc) return trap;
  }
  return NULL;
}

/// Arms `pc` after a near miss whose sides were `gap_ns` apart.
static struct tophash_trap *arm(struct tophash_traps *traps, uint64_t pc, uint64_t gap_ns) {
  struct tophash_trap *trap = trap_at(traps, pc, true);
  if (trap == NULL) return NULL;
  uint64_t wanted = 2 * gap_ns;
  if (wanted < TOPHASH_HOLD_MIN_NS) wanted = TOPHASH_HOLD_MIN_NS;
  if (wanted > TOPHASH_HOLD_MAX_NS) wanted = TOPHASH_HOLD_MAX_NS;
  uint64_t known = load(&trap->hold_ns);
  // Follows the gaps seen, slowly: one outlier neither blinds nor stalls the site.
  store(&trap->hold_ns, known == 0 ? wanted : (3 * known + wanted) / 4);
  return trap;
}

static void missed(struct tophash_traps *traps, uint64_t pc, uint64_t gap_ns) {
  struct tophash_trap *trap = arm(traps, pc, gap_ns);
  if (trap != NULL) __atomic_fetch_add(&trap->near_misses, 1, __ATOMIC_RELAXED);
}

/// Compares an access with the last ones of its variable, and notes it.
static void look_for_near_miss(struct tophash_traps *traps, const struct tophash_visit *visit) {
  struct tophash_near *near = &traps->near[hash(visit->address >> 3, TOPHASH_NEAR_BITS)];
  if (load(&near->address) != visit->address) {
    // A stranger's entry, or none: the newer variable takes the place.
    store(&near->address, visit->address);
    store(&near->last[!visit->modifies].time_ns, 0);
  } else {
    for (int kind = 0; kind < 2; kind++) {
      if (kind == 0 && !visit->modifies) continue;  // two reads do not conflict
      uint64_t time = load(&near->last[kind].time_ns);
      if (time == 0 || load(&near->last[kind].identity) == visit->identity) continue;
      uint64_t gap = visit->now_ns > time ? visit->now_ns - time : 0;
      if (gap > TOPHASH_NEAR_MISS_WINDOW_NS) continue;
      count(&traps->near_misses);
      // Both sides. Holding the modification catches a reader without a lock.
      // Holding the read catches one that took the lock and released it too
      // early: while a writer is held, it waits for that lock.
      missed(traps, load(&near->last[kind].pc), gap);
      missed(traps, visit->pc, gap);
    }
  }
  store(&near->last[visit->modifies].pc, visit->pc);
  store(&near->last[visit->modifies].identity, visit->identity);
  store(&near->last[visit->modifies].time_ns, visit->now_ns);
}

/// Who was held at the variable that is visited, and made this thread wait?
static uint64_t delayed_by(struct tophash_traps *traps, const struct tophash_visit *visit) {
  struct tophash_hold *hold = &traps->held[hash(visit->address >> 3, TOPHASH_HOLD_BITS)];
  if (load(&hold->address) != visit->address || visit->idle_to_ns == 0) return 0;
  if (load(&hold->identity) == visit->identity || !(visit->modifies || load(&hold->modifies)))
    return 0;
  uint64_t start = load(&hold->start_ns), end = load(&hold->end_ns), pc = load(&hold->pc);
  uint64_t half = (end - start) / 2;
  // Idle from before the middle of the hold until after it, and here at once. Half
  // of the hold is short: who comes by chance comes twice as often within the hold.
  bool waited = visit->idle_from_ns <= start + half && visit->idle_to_ns >= end;
  if (end < start || !waited || visit->now_ns < end || visit->now_ns - end > half) return 0;
  uint64_t address = visit->address;
  // One of several that waited tells.
  if (!__atomic_compare_exchange_n(&hold->address, &address, 0, false, __ATOMIC_RELAXED,
                                   __ATOMIC_RELAXED))
    return 0;
  struct tophash_trap *trap = trap_at(traps, pc, false);
  if (trap != NULL) __atomic_fetch_add(&trap->delays, 1, __ATOMIC_RELAXED);
  return pc;
}

void tophash_traps_held_in_vain(struct tophash_traps *traps, const struct tophash_hold *hold) {
  // Held again at the next variable, under the same lock perhaps: whoever waits for
  // the first waits on.
  for (uint32_t i = 0; i < 1u << TOPHASH_HOLD_BITS; i++) {
    struct tophash_hold *other = &traps->held[i];
    uint64_t end = load(&other->end_ns);
    if (load(&other->identity) != hold->identity || load(&other->address) == hold->address) continue;
    if (end <= hold->start_ns && hold->start_ns - end < TOPHASH_HOLD_MIN_NS)
      store(&other->end_ns, hold->end_ns);
  }
  struct tophash_hold *place = &traps->held[hash(hold->address >> 3, TOPHASH_HOLD_BITS)];
  // The address last: a note that is torn by another one has the wrong address or
  // the wrong times for at most one visit.
  store(&place->address, 0);
  store(&place->pc, hold->pc);
  store(&place->identity, hold->identity);
  store(&place->start_ns, hold->start_ns);
  store(&place->end_ns, hold->end_ns);
  store(&place->modifies, hold->modifies);
  __atomic_store_n(&place->address, hold->address, __ATOMIC_RELEASE);
}

uint64_t tophash_traps_allowance(const struct tophash_traps *traps, uint64_t now_ns) {
  return TOPHASH_BUDGET_GRANT_NS + (now_ns - traps->start_ns) / 1000 * traps->budget_permille;
}

/// Takes `wanted_ns` out of the budget; false when that is spent.
static bool reserve(struct tophash_traps *traps, uint64_t now_ns, uint64_t wanted_ns) {
  uint64_t held = __atomic_fetch_add(&traps->held_ns, wanted_ns, __ATOMIC_RELAXED);
  if (held + wanted_ns <= tophash_traps_allowance(traps, now_ns)) return true;
  __atomic_fetch_sub(&traps->held_ns, wanted_ns, __ATOMIC_RELAXED);
  return false;
}

struct tophash_advice tophash_traps_visit(struct tophash_traps *traps,
                                          const struct tophash_visit *visit) {
  struct tophash_advice advice = {
      .hold_ns = 0,
      .delayed_by = 0,
      .next_visit = visit->earlier_visits < TOPHASH_VISIT_ALWAYS ? 1 : TOPHASH_VISIT_STRIDE,
  };
  if (!traps->enabled) {
    advice.next_visit = UINT32_MAX;
    return advice;
  }
  advice.delayed_by = delayed_by(traps, visit);
  look_for_near_miss(traps, visit);
  struct tophash_trap *trap = trap_at(traps, visit->pc, false);
  if (trap == NULL) return advice;

  // Decay: a site that was held HOLDS times without a catch is held ever more
  // rarely; one that has caught is of little further use.
  uint32_t visits = __atomic_add_fetch(&trap->visits, 1, __ATOMIC_RELAXED);
  uint64_t chances = TOPHASH_TRAP_HOLDS;
  if (__atomic_load_n(&trap->caught, __ATOMIC_RELAXED) > 0) chances = 2;
  if (visits > chances && visit->random % visits >= chances) return advice;
  if (advice.next_visit > TOPHASH_VISIT_STRIDE_ARMED) advice.next_visit = TOPHASH_VISIT_STRIDE_ARMED;

  uint64_t wanted = load(&trap->hold_ns);
  if (wanted == 0 || !reserve(traps, visit->now_ns, wanted)) return advice;
  __atomic_fetch_add(&trap->holds, 1, __ATOMIC_RELAXED);
  count(&traps->holds);
  advice.hold_ns = wanted;
  return advice;
}

void tophash_traps_released(struct tophash_traps *traps, uint64_t pc, uint64_t advised_ns,
                            uint64_t held_ns, bool caught) {
  // What was reserved and not used goes back; an overshoot (the scheduler was
  // late) is charged.
  __atomic_fetch_add(&traps->held_ns, held_ns - advised_ns, __ATOMIC_RELAXED);
  struct tophash_trap *trap = trap_at(traps, pc, false);
  if (trap != NULL && caught) __atomic_fetch_add(&trap->caught, 1, __ATOMIC_RELAXED);
}

void tophash_traps_suspect(struct tophash_traps *traps, uint64_t pc) {
  // How far apart the two are says nothing: they may have been seconds, and be
  // neighbours the next time.
  if (traps->enabled) arm(traps, pc, TOPHASH_SUSPECT_HOLD_NS / 2);
}

void tophash_traps_learn(struct tophash_traps *traps, uint64_t pc, uint64_t hold_ns) {
  if (hold_ns > TOPHASH_HOLD_MAX_NS) hold_ns = TOPHASH_HOLD_MAX_NS;
  arm(traps, pc, hold_ns / 2);
}

uint64_t tophash_traps_hold(struct tophash_traps *traps, uint64_t pc, uint32_t *near_misses) {
  struct tophash_trap *trap = trap_at(traps, pc, false);
  *near_misses = trap == NULL ? 0 : __atomic_load_n(&trap->near_misses, __ATOMIC_RELAXED);
  return trap == NULL ? 0 : load(&trap->hold_ns);
}
