// What is remembered of a run: which operations conflict, which object is which.

#include "tophash_schedule.h"

bool tophash_points_conflict(uint32_t one, uint32_t other) {
  bool both_read = one == TOPHASH_POINT_READ && other == TOPHASH_POINT_READ;
  bool both_read_lock = one == TOPHASH_POINT_READ_LOCK && other == TOPHASH_POINT_READ_LOCK;
  return !both_read && !both_read_lock;
}

uint32_t tophash_object(struct tophash_objects *objects, uint64_t address) {
  if (address == 0) return 0;
  uint32_t slot = (uint32_t)((address * 0x9E3779B97F4A7C15ull) >> 48);
  for (uint32_t probe = 0; probe < 64; probe++) {
    uint32_t at = (slot + probe) % TOPHASH_OBJECT_SLOTS;
    if (objects->addresses[at] == address) return objects->numbers[at];
    if (objects->addresses[at] != 0) continue;
    objects->addresses[at] = address;
    return objects->numbers[at] = ++objects->count;
  }
  return 0;
}
