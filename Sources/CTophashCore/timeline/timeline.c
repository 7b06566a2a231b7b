// The flight recorder: rings of events in shared memory.

#include "tophash_timeline.h"

#include <stdbool.h>
#include <string.h>

#define STRING_PROBES 32

struct tophash_timeline tophash_timeline_make(void *memory) {
  uint8_t *bytes = memory;
  struct tophash_timeline timeline = {.header = memory};
  bytes += TOPHASH_TIMELINE_HEADER_BYTES;
  timeline.lanes = (void *)bytes;
  bytes += TOPHASH_LANES * sizeof(struct tophash_lane);
  timeline.strings = (void *)bytes;
  bytes += TOPHASH_STRINGS * sizeof(struct tophash_string);
  timeline.events = (void *)bytes;
  timeline.header->version = TOPHASH_TIMELINE_VERSION;
  timeline.header->lanes_offset = (uint32_t)((uint8_t *)timeline.lanes - (uint8_t *)memory);
  timeline.header->strings_offset = (uint32_t)((uint8_t *)timeline.strings - (uint8_t *)memory);
  timeline.header->events_offset = (uint32_t)((uint8_t *)timeline.events - (uint8_t *)memory);
  return timeline;
}

void tophash_timeline_record(const struct tophash_timeline *timeline, uint32_t lane,
                             const struct tophash_moment *event) {
  // Relaxed: the count only hands out places. Its owner alone counts, mostly; threads
  // that share a lane get different places.
  uint64_t next = __atomic_fetch_add(&timeline->lanes[lane].next, 1, __ATOMIC_RELAXED);
  struct tophash_moment *place =
      &timeline->events[lane * TOPHASH_LANE_EVENTS + next % TOPHASH_LANE_EVENTS];
  // Whoever reads meanwhile sees no time, or all of the event: the release is the
  // partner of the tool's reading of the time before the rest and after it.
  __atomic_store_n(&place->time_ns, 0, __ATOMIC_RELAXED);
  __atomic_thread_fence(__ATOMIC_RELEASE);
  place->what = event->what;
  place->since_ns = event->since_ns;
  place->tid = event->tid;
  place->kind = event->kind;
  place->more = event->more;
  __atomic_store_n(&place->time_ns, event->time_ns, __ATOMIC_RELEASE);
}

uint16_t tophash_timeline_intern(const struct tophash_timeline *timeline, const char *text,
                                 size_t length) {
  // FNV-1a.
  uint64_t key = 0xCBF29CE484222325ull;
  for (size_t i = 0; i < length; i++) key = (key ^ (uint8_t)text[i]) * 0x100000001B3ull;
  key |= 1;  // never 0
  uint32_t index = (uint32_t)(key >> 32) % TOPHASH_STRINGS;
  for (int probe = 0; probe < STRING_PROBES; probe++, index = (index + 1) % TOPHASH_STRINGS) {
    struct tophash_string *string = &timeline->strings[index];
    uint64_t known = __atomic_load_n(&string->key, __ATOMIC_RELAXED);
    if (known == 0 && __atomic_compare_exchange_n(&string->key, &known, key, false,
                                                  __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
      size_t room = sizeof string->text - 1;
      memcpy(string->text, text, length < room ? length : room);
      // Release: partner of the tool's reading.
      __atomic_store_n(&string->state, 1, __ATOMIC_RELEASE);
      return (uint16_t)index;
    }
    if (known == key) return (uint16_t)index;
  }
  __atomic_fetch_add(&timeline->header->strings_dropped, 1, __ATOMIC_RELAXED);
  return TOPHASH_NO_STRING;
}
