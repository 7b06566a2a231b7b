// Sync objects: where strands meet.

#include "tophash_clocks.h"

#include <string.h>

#include "pages.h"

#define load(place) __atomic_load_n(place, __ATOMIC_RELAXED)
#define store(place, value) __atomic_store_n(place, value, __ATOMIC_RELAXED)

// Clocks are joined sixteen bytes at a time. A word in them is never torn.
typedef uint32_t words __attribute__((vector_size(16)));
#define WORDS (sizeof(words) / sizeof(uint32_t))

static uint32_t blocks(const struct tophash_clocks *clocks) {
  return (load(&clocks->width) + WORDS - 1) / WORDS;
}

void tophash_clock_join(const struct tophash_clocks *clocks, struct tophash_clock *into,
                        const struct tophash_clock *from) {
  words *mine = (words *)into->times;
  const words *theirs = (const words *)from->times;
  for (uint32_t i = 0, count = blocks(clocks); i < count; i++) {
    words newer = (words)(theirs[i] > mine[i]);
    mine[i] = (theirs[i] & newer) | (mine[i] & ~newer);
  }
}

void tophash_clock_clear(const struct tophash_clocks *clocks, struct tophash_clock *clock) {
  memset(clock->times, 0, load(&clocks->width) * sizeof(uint32_t));
}

/// Joins into a clock that others join into at the same time.
static void join_shared(const struct tophash_clocks *clocks, struct tophash_clock *into,
                        const struct tophash_clock *from) {
  const uint64_t *mine = (const uint64_t *)into->times;
  const uint64_t *theirs = (const uint64_t *)from->times;
  for (uint32_t pair = 0, count = blocks(clocks) * WORDS / 2; pair < count; pair++) {
    if (load(&mine[pair]) == load(&theirs[pair])) continue;
    for (uint32_t slot = 2 * pair; slot < 2 * pair + 2; slot++) {
      uint32_t time = load(&from->times[slot]), known = load(&into->times[slot]);
      // Compare-exchange: of two strands that release at once, the later time
      // must stay. Closes the race in which a release is lost.
      while (known < time &&
             !__atomic_compare_exchange_n(&into->times[slot], &known, time, true, __ATOMIC_RELEASE,
                                          __ATOMIC_RELAXED)) {
      }
    }
  }
}

static struct tophash_sync_bucket *bucket_of(struct tophash_clocks *clocks, uint64_t key) {
  return &clocks->syncs[tophash_granule_hash(key) >> (64 - TOPHASH_SYNC_BUCKET_BITS)];
}

/// The clock of `key`, or the shared one. A key that was once refused stays with
/// the shared clock as long as its release must be found there: acquire looks at both.
static struct tophash_clock *clock_to_release(struct tophash_clocks *clocks, uint64_t key) {
  struct tophash_sync_bucket *bucket = bucket_of(clocks, key);
  for (int i = 0; i < TOPHASH_SYNCS; i++)
    if (load(&bucket->keys[i]) == key) return &bucket->clocks[i];
  for (int i = 0; i < TOPHASH_SYNCS; i++) {
    uint64_t found = load(&bucket->keys[i]);
    if (found != 0 && found != key) continue;
    // Acquire: partner of the release in `forget`. The clock was emptied before.
    if (__atomic_compare_exchange_n(&bucket->keys[i], &found, key, false, __ATOMIC_ACQUIRE,
                                    __ATOMIC_RELAXED)) {
      tophash_page_add(clocks, key);
      return &bucket->clocks[i];
    }
    if (found == key) return &bucket->clocks[i];
  }
  if (load(&bucket->is_shared) == 0) store(&bucket->is_shared, 1);
  __atomic_fetch_add(&clocks->shared, 1, __ATOMIC_RELAXED);
  return &bucket->shared;
}

void tophash_clocks_release_clock(struct tophash_clocks *clocks, const struct tophash_clock *from,
                                  uint64_t key) {
  join_shared(clocks, clock_to_release(clocks, key), from);
}

void tophash_clocks_release(struct tophash_clocks *clocks, struct tophash_strand *strand,
                            uint64_t key) {
  if (strand == NULL || strand->slot == 0) {
    tophash_clocks_release_clock(clocks, &clocks->now, key);
    return;
  }
  tophash_clocks_release_clock(clocks, &strand->clock, key);
  strand->told = true;
}

void tophash_clocks_release_lock(struct tophash_clocks *clocks, struct tophash_strand *strand,
                                 uint64_t key) {
  if (strand == NULL || strand->slot == 0) return tophash_clocks_release(clocks, strand, key);
  struct tophash_clock *clock = clock_to_release(clocks, key);
  if (clock == &bucket_of(clocks, key)->shared) {
    join_shared(clocks, clock, &strand->clock);
  } else {
    tophash_clock_join(clocks, clock, &strand->clock);
  }
  strand->told = true;
}

void tophash_clocks_release_to_all(struct tophash_clocks *clocks, struct tophash_strand *strand) {
  bool is_followed = strand != NULL && strand->slot != 0;
  join_shared(clocks, &clocks->common, is_followed ? &strand->clock : &clocks->now);
  if (is_followed) strand->told = true;
}

void tophash_clocks_acquire_clock(struct tophash_clocks *clocks, struct tophash_clock *into,
                                  uint64_t key) {
  struct tophash_sync_bucket *bucket = bucket_of(clocks, key);
  if (load(&bucket->is_shared)) tophash_clock_join(clocks, into, &bucket->shared);
  for (int i = 0; i < TOPHASH_SYNCS; i++)
    if (load(&bucket->keys[i]) == key) tophash_clock_join(clocks, into, &bucket->clocks[i]);
}

void tophash_clocks_acquire(struct tophash_clocks *clocks, struct tophash_strand *strand,
                            uint64_t key) {
  if (strand != NULL) tophash_clocks_acquire_clock(clocks, &strand->clock, key);
}

void tophash_clocks_acquire_all(struct tophash_clocks *clocks, struct tophash_strand *strand) {
  if (strand != NULL) tophash_clock_join(clocks, &strand->clock, &clocks->now);
}

static void forget(struct tophash_clocks *clocks, struct tophash_sync_bucket *bucket, int index,
                   uint64_t key) {
  memset(bucket->clocks[index].times, 0, load(&clocks->width) * sizeof(uint32_t));
  // Release: the clock is empty for whoever takes the place.
  __atomic_store_n(&bucket->keys[index], 0, __ATOMIC_RELEASE);
  tophash_page_remove(clocks, key);
}

void tophash_clocks_forget_sync(struct tophash_clocks *clocks, uint64_t key) {
  if (!tophash_page_is_used(clocks, key)) return;
  struct tophash_sync_bucket *bucket = bucket_of(clocks, key);
  for (int i = 0; i < TOPHASH_SYNCS; i++)
    if (load(&bucket->keys[i]) == key) forget(clocks, bucket, i, key);
}

void tophash_syncs_forget_granule(struct tophash_clocks *clocks, uint64_t granule, uint64_t low,
                                  uint64_t high) {
  struct tophash_sync_bucket *bucket = bucket_of(clocks, granule);
  for (int i = 0; i < TOPHASH_SYNCS; i++) {
    uint64_t key = load(&bucket->keys[i]);
    if (key >= low && key < high) forget(clocks, bucket, i, key);
  }
}
