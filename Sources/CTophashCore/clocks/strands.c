// Strands and the slots that they run in.

#include "tophash_clocks.h"

#include <string.h>

#define load(place) __atomic_load_n(place, __ATOMIC_RELAXED)
#define store(place, value) __atomic_store_n(place, value, __ATOMIC_RELAXED)

// Times stop here: later accesses count as known to whoever knows the last one.
#define TIME_MAX (UINT32_MAX - 1)

static bool is_known(struct tophash_clocks *clocks, const struct tophash_strand *strand,
                     uint32_t slot) {
  return load(&clocks->now.times[slot]) <= strand->clock.times[slot];
}

static bool take(struct tophash_clocks *clocks, uint32_t slot) {
  uint8_t nobody = 0;
  // Acquire: partner of the release in `tophash_strand_end`.
  return load(&clocks->held[slot]) == 0 && load(&clocks->now.times[slot]) < TIME_MAX &&
         __atomic_compare_exchange_n(&clocks->held[slot], &nobody, 1, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_RELAXED);
}

static void widen(struct tophash_clocks *clocks, uint32_t width) {
  uint32_t now = load(&clocks->width);
  while (now < width && !__atomic_compare_exchange_n(&clocks->width, &now, width, true,
                                                     __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
}

/// A slot whose whole past the strand knows: best the one that it had before,
/// then a used one, then the first fresh one.
static uint32_t take_known(struct tophash_clocks *clocks, const struct tophash_strand *strand) {
  uint32_t width = load(&clocks->width);
  if (strand->slot != 0 && is_known(clocks, strand, strand->slot) && take(clocks, strand->slot))
    return strand->slot;
  for (uint32_t slot = 1; slot < width; slot++)
    if (is_known(clocks, strand, slot) && take(clocks, slot)) return slot;
  for (uint32_t slot = width > 0 ? width : 1; slot < TOPHASH_STRANDS; slot++) {
    if (!take(clocks, slot)) continue;
    widen(clocks, slot + 1);
    return slot;
  }
  return 0;
}

static uint32_t take_oldest(struct tophash_clocks *clocks) {
  for (int attempt = 0; attempt < 16; attempt++) {
    uint32_t oldest = 0;
    for (uint32_t slot = 1; slot < TOPHASH_STRANDS; slot++) {
      if (load(&clocks->held[slot]) || load(&clocks->now.times[slot]) >= TIME_MAX) continue;
      if (oldest == 0 || load(&clocks->left[slot]) < load(&clocks->left[oldest])) oldest = slot;
    }
    if (oldest == 0 || take(clocks, oldest)) return oldest;
  }
  return 0;
}

void tophash_strand_begin(struct tophash_clocks *clocks, struct tophash_strand *strand,
                          const struct tophash_run *run) {
  uint32_t slot = take_known(clocks, strand);
  if (slot == 0) slot = take_oldest(clocks);
  strand->slot = slot;
  strand->told = false;
  if (slot == 0) {
    __atomic_fetch_add(&clocks->unfollowed, 1, __ATOMIC_RELAXED);
    return;
  }
  // Also after `take_known`: somebody may have come and gone since it looked.
  if (!is_known(clocks, strand, slot)) __atomic_fetch_add(&clocks->stolen, 1, __ATOMIC_RELAXED);
  uint32_t time = load(&clocks->now.times[slot]) + 1;
  struct tophash_run *place = &clocks->runs[slot][clocks->next_run[slot]++ % TOPHASH_RUNS];
  store(&place->start, 0);
  // Release, twice: a reader that sees the same start before and after its copy
  // has copied one run whole.
  __atomic_thread_fence(__ATOMIC_RELEASE);
  place->tid = run->tid;
  place->owner = run->owner;
  place->task_id = run->task_id;
  place->scope = run->scope;
  memcpy(place->label, run->label, sizeof place->label);
  __atomic_store_n(&place->start, time, __ATOMIC_RELEASE);
  strand->clock.times[slot] = time;
  store(&clocks->now.times[slot], time);
}

void tophash_strand_end(struct tophash_clocks *clocks, struct tophash_strand *strand) {
  if (strand->slot == 0) return;
  store(&clocks->left[strand->slot], __atomic_add_fetch(&clocks->turns, 1, __ATOMIC_RELAXED));
  // Release: the next holder goes on from the time that this one came to.
  __atomic_store_n(&clocks->held[strand->slot], 0, __ATOMIC_RELEASE);
}

void tophash_strand_clear(struct tophash_clocks *clocks, struct tophash_strand *strand) {
  tophash_clock_clear(clocks, &strand->clock);
  strand->slot = 0;
  strand->told = false;
}

bool tophash_clocks_run_of(const struct tophash_clocks *clocks, tophash_event event,
                           struct tophash_run *run) {
  uint32_t slot = tophash_event_slot(event), time = tophash_event_time(event);
  run->start = 0;
  for (int i = 0; i < TOPHASH_RUNS; i++) {
    const struct tophash_run *place = &clocks->runs[slot][i];
    struct tophash_run copy;
    copy.start = __atomic_load_n(&place->start, __ATOMIC_ACQUIRE);
    if (copy.start == 0 || copy.start > time || copy.start <= run->start) continue;
    uint32_t start = copy.start;
    memcpy(&copy, place, sizeof copy);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (load(&place->start) != start) continue;
    copy.start = start;
    *run = copy;
  }
  return run->start != 0;
}
