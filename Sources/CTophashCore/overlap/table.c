// The cold half of the open-access table.

#include "tophash_overlap.h"

#include <sched.h>

bool tophash_overlap_read(struct tophash_access *slot, uint64_t key, struct tophash_access *copy) {
  // The owner is at most three stores away from a written slot, unless it was
  // preempted there: give it a chance to run, but never depend on it.
  for (int attempt = 0; attempt < 256; attempt++) {
    // Acquire: partner of the releasing store of `buffer` in publish.
    copy->buffer = __atomic_load_n(&slot->buffer, __ATOMIC_ACQUIRE);
    copy->owner = __atomic_load_n(&slot->owner, __ATOMIC_RELAXED);
    copy->stack = __atomic_load_n(&slot->stack, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);  // the fields above are read before those below
    copy->key = __atomic_load_n(&slot->key, __ATOMIC_RELAXED);
    if (copy->key != key) return false;
    // The same buffer before and after the fields: they belong together. Closes the race in
    // which the slot passes to another access of the same variable while it is copied.
    bool same = __atomic_load_n(&slot->buffer, __ATOMIC_RELAXED) == copy->buffer;
    if (copy->buffer != 0 && same) return true;
    if (attempt >= 64) sched_yield();
  }
  return false;
}

bool tophash_overlap_is_open(struct tophash_access *slot, const struct tophash_access *copy) {
  __atomic_thread_fence(__ATOMIC_ACQUIRE);  // what was read of the owner's stack came first
  return __atomic_load_n(&slot->buffer, __ATOMIC_RELAXED) == copy->buffer &&
         __atomic_load_n(&slot->key, __ATOMIC_RELAXED) == copy->key &&
         __atomic_load_n(&slot->owner, __ATOMIC_RELAXED) == copy->owner;
}

void tophash_overlap_discard(struct tophash_access *slot, const struct tophash_access *copy) {
  uint64_t buffer = copy->buffer;
  // Claims the right to free the slot by taking its buffer away. Closes the
  // race of two threads that discard one slot, of which the slower would free
  // a successor's claim.
  if (!__atomic_compare_exchange_n(&slot->buffer, &buffer, 0, false, __ATOMIC_ACQ_REL,
                                   __ATOMIC_RELAXED))
    return;
  uint64_t key = copy->key;
  __atomic_compare_exchange_n(&slot->key, &key, 0, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED);
}

size_t tophash_overlap_discard_all(struct tophash_table *table, uint64_t identity) {
  size_t count = 0;
  for (size_t i = 0; i < TOPHASH_BUCKETS; i++) {
    for (int j = 0; j < TOPHASH_SLOTS; j++) {
      struct tophash_access *slot = &table->buckets[i].slots[j];
      struct tophash_access copy;
      uint64_t key = __atomic_load_n(&slot->key, __ATOMIC_RELAXED);
      if (key == 0) continue;
      if (tophash_owner_identity(__atomic_load_n(&slot->owner, __ATOMIC_RELAXED)) != identity)
        continue;
      if (!tophash_overlap_read(slot, key, &copy)) continue;
      if (tophash_owner_identity(copy.owner) != identity) continue;
      tophash_overlap_discard(slot, &copy);
      count++;
    }
  }
  return count;
}
