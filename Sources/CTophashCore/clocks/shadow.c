// The shadow: who accessed a variable last, and the stacks of those accesses.

#include <string.h>

#include "pages.h"
#include "tophash_clocks.h"

_Static_assert(offsetof(struct tophash_clocks, syncs) % 64 == 0, "buckets start at a cache line");
_Static_assert(offsetof(struct tophash_clocks, shadow) % 64 == 0, "buckets start at a cache line");
_Static_assert(sizeof(struct tophash_sync_bucket) % 64 == 0, "and fill whole ones");
_Static_assert(sizeof(struct tophash_shadow_bucket) == 512, "and fill whole ones");
_Static_assert(sizeof(struct tophash_kept_stack) == 128, "two cache lines a stack");
_Static_assert(sizeof(struct tophash_clocks) < 48 << 20, "well within the promised 64 MiB");

#define load(place) __atomic_load_n(place, __ATOMIC_RELAXED)
#define store(place, value) __atomic_store_n(place, value, __ATOMIC_RELAXED)

static struct tophash_shadow_bucket *bucket_of(struct tophash_clocks *clocks, uint64_t address) {
  uint64_t hash = tophash_granule_hash(address);
  return &clocks->shadow[hash >> (64 - TOPHASH_SHADOW_BUCKET_BITS)];
}

static struct tophash_variable *find(struct tophash_clocks *clocks, uint64_t address) {
  struct tophash_shadow_bucket *bucket = bucket_of(clocks, address);
  for (int i = 0; i < TOPHASH_VARIABLES; i++)
    if (load(&bucket->addresses[i]) == address) return &bucket->variables[i];
  return NULL;
}

static struct tophash_variable *find_or_add(struct tophash_clocks *clocks, uint64_t address) {
  struct tophash_variable *variable = find(clocks, address);
  if (variable != NULL) return variable;
  struct tophash_shadow_bucket *bucket = bucket_of(clocks, address);
  for (int i = 0; i < TOPHASH_VARIABLES; i++) {
    uint64_t found = load(&bucket->addresses[i]);
    // Acquire: partner of the release in `remove`. The events were cleared before.
    if (found == 0 && __atomic_compare_exchange_n(&bucket->addresses[i], &found, address, false,
                                                  __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
      tophash_page_add(clocks, address);
      return &bucket->variables[i];
    }
    if (found == address) return &bucket->variables[i];  // somebody else was faster
  }
  // Nobody is turned out: a variable that is in use by another thread cannot
  // change its meaning.
  __atomic_fetch_add(&clocks->forgotten, 1, __ATOMIC_RELAXED);
  return NULL;
}

static bool is_known(const struct tophash_clocks *clocks, const struct tophash_strand *strand,
                     tophash_event event) {
  uint32_t slot = tophash_event_slot(event), time = tophash_event_time(event);
  return time <= strand->clock.times[slot] || time <= load(&clocks->common.times[slot]);
}

/// A new time, when everything of the present one was already told to others:
/// what comes now is not what they know.
static void advance(struct tophash_clocks *clocks, struct tophash_strand *strand) {
  if (!strand->told) return;
  uint32_t time = strand->clock.times[strand->slot];
  if (time < UINT32_MAX - 1) time++;
  strand->clock.times[strand->slot] = time;
  store(&clocks->now.times[strand->slot], time);
  strand->told = false;
}

static bool is_same(const struct tophash_strand *strand, tophash_event event) {
  return tophash_event_slot(event) == strand->slot &&
         tophash_event_time(event) == strand->clock.times[strand->slot];
}

bool tophash_clocks_is_repeated(struct tophash_clocks *clocks, struct tophash_strand *strand,
                                uint64_t address, bool modifies) {
  if (strand->slot == 0) return true;
  if (strand->told) return false;
  struct tophash_variable *variable = find(clocks, address);
  if (variable == NULL) return false;
  tophash_event modification = load(&variable->modification);
  if (!modifies) {
    // Whoever modified it since has cleared the read.
    if (is_same(strand, modification)) return true;
    tophash_event read = load(&variable->reads[strand->slot % TOPHASH_READS]);
    return is_same(strand, read) && is_known(clocks, strand, modification);
  }
  // Whoever read it since knows nothing of this modification, and said so.
  return is_same(strand, modification);
}

bool tophash_clocks_access(struct tophash_clocks *clocks, struct tophash_strand *strand,
                           uint64_t address, bool modifies, uint32_t stack,
                           struct tophash_unordered *found) {
  if (strand->slot == 0) return false;
  struct tophash_variable *variable = find_or_add(clocks, address);
  if (variable == NULL) return false;
  advance(clocks, strand);
  tophash_event mine = (uint64_t)strand->clock.times[strand->slot] << 32 |
                       (uint64_t)stack << 8 | strand->slot;

  tophash_event modification = load(&variable->modification);
  bool unordered = !is_known(clocks, strand, modification);
  if (unordered) *found = (struct tophash_unordered){.earlier = modification, .modified = true};

  if (modifies) {
    for (int i = 0; i < TOPHASH_READS; i++) {
      tophash_event read = load(&variable->reads[i]);
      if (read == 0) continue;
      if (!unordered && !is_known(clocks, strand, read)) {
        *found = (struct tophash_unordered){.earlier = read};
        unordered = true;
      }
      // Makes room. Ordered before this modification, or found: whoever is ordered
      // after the modification is ordered after the read.
      store(&variable->reads[i], 0);
    }
    store(&variable->modification, mine);
    return unordered;
  }

  // A read takes the place of its strand's last one, else a free one, else one
  // that it is ordered after; else somebody is forgotten.
  uint32_t home = strand->slot % TOPHASH_READS, place = home;
  bool decided = false;
  for (uint32_t i = 0; i < TOPHASH_READS; i++) {
    uint32_t at = (home + i) % TOPHASH_READS;
    tophash_event read = load(&variable->reads[at]);
    if (tophash_event_slot(read) == strand->slot) {
      place = at;
      break;
    }
    if (!decided && is_known(clocks, strand, read)) {
      place = at;
      decided = true;
    }
  }
  store(&variable->reads[place], mine);
  return unordered;
}

static void remove_granule(struct tophash_clocks *clocks, uint64_t granule, uint64_t low,
                           uint64_t high) {
  struct tophash_shadow_bucket *bucket = bucket_of(clocks, granule);
  for (int i = 0; i < TOPHASH_VARIABLES; i++) {
    uint64_t address = load(&bucket->addresses[i]);
    if (address < low || address >= high || address == 0) continue;
    struct tophash_variable *variable = &bucket->variables[i];
    store(&variable->modification, 0);
    for (int read = 0; read < TOPHASH_READS; read++) store(&variable->reads[read], 0);
    // Release: no event is left for whoever takes the place.
    __atomic_store_n(&bucket->addresses[i], 0, __ATOMIC_RELEASE);
    tophash_page_remove(clocks, address);
  }
}

void tophash_clocks_forget_memory(struct tophash_clocks *clocks, uint64_t address, uint64_t size) {
  uint64_t high = address + size;
  for (uint64_t page = address & ~(TOPHASH_PAGE - 1); page < high; page += TOPHASH_PAGE) {
    if (!tophash_page_is_used(clocks, page)) continue;
    uint64_t from = page < address ? address : page;
    uint64_t to = high < page + TOPHASH_PAGE ? high : page + TOPHASH_PAGE;
    for (uint64_t granule = from & ~(TOPHASH_GRANULE - 1); granule < to;
         granule += TOPHASH_GRANULE) {
      remove_granule(clocks, granule, from, to);
      tophash_syncs_forget_granule(clocks, granule, from, to);
    }
  }
}

uint32_t tophash_clocks_keep_stack(struct tophash_clocks *clocks, const uint64_t *frames,
                                   uint32_t count) {
  if (count == 0) return 0;
  if (count > TOPHASH_STACK_FRAMES) count = TOPHASH_STACK_FRAMES;
  uint64_t hash = count;
  for (uint32_t i = 0; i < count; i++) hash = (hash ^ frames[i]) * 0x9E3779B97F4A7C15ull;
  uint32_t index = (uint32_t)(hash >> (64 - TOPHASH_STACK_BITS)), short_hash = (uint32_t)hash | 1;
  for (int probe = 0; probe < 16; probe++, index = (index + 1) % (1u << TOPHASH_STACK_BITS)) {
    if (index == 0) continue;  // 0 is no stack
    struct tophash_kept_stack *kept = &clocks->stacks[index];
    uint32_t known = load(&kept->hash);
    if (known == 0 && __atomic_compare_exchange_n(&kept->hash, &known, short_hash, false,
                                                  __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
      memcpy(kept->frames, frames, count * sizeof *frames);
      // Release: the frames are there for whoever sees the count.
      __atomic_store_n(&kept->count, count, __ATOMIC_RELEASE);
      return index;
    }
    if (known != short_hash) continue;
    uint32_t written = __atomic_load_n(&kept->count, __ATOMIC_ACQUIRE);
    if (written == count && memcmp(kept->frames, frames, count * sizeof *frames) == 0) return index;
  }
  __atomic_fetch_add(&clocks->stackless, 1, __ATOMIC_RELAXED);
  return 0;
}

const struct tophash_kept_stack *tophash_clocks_stack(const struct tophash_clocks *clocks,
                                                      uint32_t stack) {
  if (stack == 0 || stack >= 1u << TOPHASH_STACK_BITS) return NULL;
  const struct tophash_kept_stack *kept = &clocks->stacks[stack];
  return __atomic_load_n(&kept->count, __ATOMIC_ACQUIRE) == 0 ? NULL : kept;
}
