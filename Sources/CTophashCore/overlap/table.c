// The cold half of the open-access table.

#include "tophash_overlap.h"

#include <sched.h>

#define READER_TURNS 2000  // a stack takes some microseconds to read, a turn less than one

int tophash_overlap_publish_further(struct tophash_bucket *bucket, uint64_t key, uint64_t buffer,
                                    tophash_stack stack, tophash_owner owner) {
  for (int slot = 0; slot < TOPHASH_SLOTS; slot++) {
    // Relaxed: only a hint which slot to claim.
    if (__atomic_load_n(&bucket->keys[slot], __ATOMIC_RELAXED) != 0) continue;
    if (tophash_overlap_claim(bucket, slot, key, buffer, stack, owner)) return slot;
  }
  return TOPHASH_NO_SLOT;
}

bool tophash_overlap_read(struct tophash_bucket *bucket, int slot, uint64_t key,
                          struct tophash_access *copy) {
  struct tophash_details *details = &bucket->details[slot];
  // The owner is at most three stores away from a written slot, unless it was
  // preempted there: give it a chance to run, but never depend on it.
  for (int attempt = 0; attempt < 256; attempt++) {
    // Acquire: partner of the releasing store of `buffer` in publish.
    copy->buffer = __atomic_load_n(&details->buffer, __ATOMIC_ACQUIRE);
    copy->owner = __atomic_load_n(&details->owner, __ATOMIC_RELAXED);
    copy->stack = __atomic_load_n(&details->stack, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);  // the fields above are read before those below
    copy->key = __atomic_load_n(&bucket->keys[slot], __ATOMIC_RELAXED);
    if (copy->key != key) return false;
    // The same buffer before and after the fields: they belong together. Closes the race in
    // which the slot passes to another access of the same variable while it is copied.
    bool same = __atomic_load_n(&details->buffer, __ATOMIC_RELAXED) == copy->buffer;
    if (copy->buffer != 0 && same) return true;
    if (attempt >= 64) sched_yield();
  }
  return false;
}

bool tophash_overlap_is_open(struct tophash_bucket *bucket, int slot,
                             const struct tophash_access *copy) {
  struct tophash_details *details = &bucket->details[slot];
  __atomic_thread_fence(__ATOMIC_ACQUIRE);  // what was read of the owner's stack came first
  return __atomic_load_n(&details->buffer, __ATOMIC_RELAXED) == copy->buffer &&
         __atomic_load_n(&bucket->keys[slot], __ATOMIC_RELAXED) == copy->key &&
         __atomic_load_n(&details->owner, __ATOMIC_RELAXED) == copy->owner;
}

uint64_t tophash_overlap_hold_back(struct tophash_bucket *bucket, int slot,
                                   const struct tophash_access *copy) {
  // SeqCst: the mark is set before the slot is looked at again. An owner that
  // ends later sees it; one that ended earlier is seen here.
  uint64_t before = __atomic_fetch_or(&bucket->details[slot].stack,
                                      TOPHASH_MARK_CAUGHT | TOPHASH_MARK_READING, __ATOMIC_SEQ_CST);
  if (tophash_overlap_is_open(bucket, slot, copy)) return before & TOPHASH_MARKS;
  // Nobody's, or a stranger's now, which must not wait for a reader.
  __atomic_fetch_and(&bucket->details[slot].stack, ~(uint64_t)TOPHASH_MARK_READING,
                     __ATOMIC_RELAXED);
  return TOPHASH_UNPUBLISHED;
}

bool tophash_overlap_let_go(struct tophash_bucket *bucket, int slot,
                            const struct tophash_access *copy) {
  bool is_open = tophash_overlap_is_open(bucket, slot, copy);
  // A later access of the same variable by the same function looks the same,
  // but its publication wrote the stack anew, without marks. Closes the race of
  // an owner that was past its check when it was marked, and came back.
  uint64_t stack = __atomic_fetch_and(&bucket->details[slot].stack,
                                      ~(uint64_t)TOPHASH_MARK_READING, __ATOMIC_SEQ_CST);
  return is_open && (stack & TOPHASH_MARK_READING) &&
         (stack & ~TOPHASH_MARKS) == (copy->stack & ~TOPHASH_MARKS);
}

void tophash_overlap_await_reader(struct tophash_bucket *bucket, int slot) {
  for (int turn = 0; turn < READER_TURNS; turn++) {
    // Relaxed: nothing that the reader did is read here.
    uint64_t stack = __atomic_load_n(&bucket->details[slot].stack, __ATOMIC_RELAXED);
    if (!(stack & TOPHASH_MARK_READING)) return;
    sched_yield();
  }
}

void tophash_overlap_discard(struct tophash_bucket *bucket, int slot,
                             const struct tophash_access *copy) {
  uint64_t buffer = copy->buffer;
  // Claims the right to free the slot by taking its buffer away. Closes the
  // race of two threads that discard one slot, of which the slower would free
  // a successor's claim.
  if (!__atomic_compare_exchange_n(&bucket->details[slot].buffer, &buffer, 0, false,
                                   __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
    return;
  uint64_t key = copy->key;
  __atomic_compare_exchange_n(&bucket->keys[slot], &key, 0, false, __ATOMIC_RELEASE,
                              __ATOMIC_RELAXED);
}

size_t tophash_overlap_discard_all(struct tophash_table *table, uint64_t identity) {
  size_t count = 0;
  for (size_t i = 0; i < TOPHASH_BUCKETS; i++) {
    struct tophash_bucket *bucket = &table->buckets[i];
    for (int slot = 0; slot < TOPHASH_SLOTS; slot++) {
      struct tophash_access copy;
      uint64_t key = __atomic_load_n(&bucket->keys[slot], __ATOMIC_RELAXED);
      if (key == 0) continue;
      uint64_t owner = __atomic_load_n(&bucket->details[slot].owner, __ATOMIC_RELAXED);
      if (tophash_owner_identity(owner) != identity) continue;
      if (!tophash_overlap_read(bucket, slot, key, &copy)) continue;
      if (tophash_owner_identity(copy.owner) != identity) continue;
      tophash_overlap_discard(bucket, slot, &copy);
      count++;
    }
  }
  return count;
}
