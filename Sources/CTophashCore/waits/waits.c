// Where threads and tasks wait: two sets with open addressing, in shared memory.

#include "tophash_waits.h"

#define PLACE_PROBES 32
#define WAITING_PROBES 32

static uint64_t mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * 0x9E3779B97F4A7C15ull;
  return hash ^ hash >> 29;
}

struct tophash_waits tophash_waits_make(void *memory) {
  uint8_t *bytes = memory;
  struct tophash_waits waits = {
      .header = memory,
      .waits = (void *)(bytes + TOPHASH_WAIT_HEADER_BYTES),
      .waiting = (void *)(bytes + TOPHASH_WAIT_HEADER_BYTES +
                          TOPHASH_WAITS * sizeof(struct tophash_wait)),
  };
  waits.header->version = TOPHASH_WAIT_VERSION;
  waits.header->waits_offset = (uint32_t)((uint8_t *)waits.waits - bytes);
  waits.header->waiting_offset = (uint32_t)((uint8_t *)waits.waiting - bytes);
  return waits;
}

// MARK: Places

uint32_t tophash_waits_place(const struct tophash_waits *waits, uint32_t kind,
                             const uint64_t *frames, uint32_t count, uint64_t salt, bool *is_new) {
  if (count > TOPHASH_WAIT_FRAMES) count = TOPHASH_WAIT_FRAMES;
  uint64_t key = mix(mix(kind, salt), count);
  for (uint32_t i = 0; i < count; i++) key = mix(key, frames[i]);
  key |= 1;  // never 0
  *is_new = false;
  uint32_t place = (uint32_t)(key >> 32) % TOPHASH_WAITS;
  for (int probe = 0; probe < PLACE_PROBES; probe++, place = (place + 1) % TOPHASH_WAITS) {
    struct tophash_wait *wait = &waits->waits[place];
    // Relaxed: only the key is looked at; the rest is read by the tool, which looks at `state`.
    uint64_t known = __atomic_load_n(&wait->key, __ATOMIC_RELAXED);
    if (known == 0 && __atomic_compare_exchange_n(&wait->key, &known, key, false, __ATOMIC_RELAXED,
                                                  __ATOMIC_RELAXED)) {
      wait->kind = kind;
      wait->frame_count = count;
      for (uint32_t i = 0; i < count; i++) wait->frames[i] = frames[i];
      *is_new = true;
      return place;
    }
    // Where two came at once, the other one fills it in.
    if (known == key) return place;
  }
  return TOPHASH_NO_WAIT;
}

void tophash_waits_complete(const struct tophash_waits *waits, uint32_t place) {
  // Release: partner of the tool's reading of the file after the process has ended, or meanwhile.
  __atomic_store_n(&waits->waits[place].state, 1, __ATOMIC_RELEASE);
}

void tophash_waits_add(const struct tophash_waits *waits, uint32_t place, uint64_t ns) {
  // Relaxed, all of them: numbers that are added up, and nobody concludes anything from them.
  if (place == TOPHASH_NO_WAIT) {
    __atomic_fetch_add(&waits->header->waits_dropped, 1, __ATOMIC_RELAXED);
    return;
  }
  struct tophash_wait *wait = &waits->waits[place];
  __atomic_fetch_add(&wait->count, 1, __ATOMIC_RELAXED);
  __atomic_fetch_add(&wait->total_ns, ns, __ATOMIC_RELAXED);
  uint64_t longest = __atomic_load_n(&wait->longest_ns, __ATOMIC_RELAXED);
  while (longest < ns && !__atomic_compare_exchange_n(&wait->longest_ns, &longest, ns, true,
                                                      __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
}

// MARK: Who waits now

static uint32_t first_slot(uint64_t who) {
  return (uint32_t)(mix(0, who) >> 40) % TOPHASH_WAITING;
}

/// Slots are given back in any order, so nobody is known to be absent before all
/// probes are through.
static uint32_t slot_of(const struct tophash_waits *waits, uint64_t who) {
  uint32_t slot = first_slot(who);
  for (int probe = 0; probe < WAITING_PROBES; probe++, slot = (slot + 1) % TOPHASH_WAITING)
    // Acquire: what was noted by another thread, of a task that this one runs now.
    if (__atomic_load_n(&waits->waiting[slot].who, __ATOMIC_ACQUIRE) == who) return slot;
  return TOPHASH_NO_WAIT;
}

uint32_t tophash_waits_begin(const struct tophash_waits *waits, uint64_t who, uint32_t place,
                             uint64_t now_ns) {
  if (place == TOPHASH_NO_WAIT) return TOPHASH_NO_WAIT;
  // A task that is queued twice, or a thread whose last wait was cut off.
  uint32_t known = slot_of(waits, who);
  if (known != TOPHASH_NO_WAIT) return known;
  uint32_t slot = first_slot(who);
  for (int probe = 0; probe < WAITING_PROBES; probe++, slot = (slot + 1) % TOPHASH_WAITING) {
    struct tophash_waiting *waiting = &waits->waiting[slot];
    uint64_t nobody = 0;
    // In two steps, with a name that is nobody's: the slot is not found before it is filled in.
    if (__atomic_load_n(&waiting->who, __ATOMIC_RELAXED) != 0 ||
        !__atomic_compare_exchange_n(&waiting->who, &nobody, UINT64_MAX, false, __ATOMIC_RELAXED,
                                     __ATOMIC_RELAXED))
      continue;
    waiting->since_ns = now_ns;
    waiting->wait = place;
    // Release: partner of the acquire in `slot_of`.
    __atomic_store_n(&waiting->who, who, __ATOMIC_RELEASE);
    return slot;
  }
  __atomic_fetch_add(&waits->header->waiting_dropped, 1, __ATOMIC_RELAXED);
  return TOPHASH_NO_WAIT;
}

void tophash_waits_forget(const struct tophash_waits *waits, uint32_t slot) {
  if (slot == TOPHASH_NO_WAIT) return;
  // Release: what was read of the slot was read before somebody else gets it.
  __atomic_store_n(&waits->waiting[slot].who, 0, __ATOMIC_RELEASE);
}

struct tophash_waiting tophash_waits_take(const struct tophash_waits *waits, uint64_t who) {
  uint32_t slot = slot_of(waits, who);
  if (slot == TOPHASH_NO_WAIT) return (struct tophash_waiting){.wait = TOPHASH_NO_WAIT};
  struct tophash_waiting taken = waits->waiting[slot];
  tophash_waits_forget(waits, slot);
  return taken;
}
