//===----------------------------------------------------------------------===//
// Overlap: the table of accesses that are open at this moment.
//
// A conflict is caught when two owners have accesses to one address open at
// the same moment and at least one modifies. Every access does, in this order:
//
//   publish   claim a free slot in the address's bucket
//   scan      look at the bucket's other slots
//   ...       the access itself
//   withdraw  free the slot
//
// Publish and scan are sequentially consistent, so that of two accesses which
// overlap at least one finds the other (Dekker's argument: both would have to
// scan before both published). What a scan finds was open, because withdrawing
// is the last thing that an access does.
//
// The table is fixed: nothing here allocates, locks, or makes a system call.
// When a bucket is full the access is not published, only compared with the
// others; the caller counts it.
//===----------------------------------------------------------------------===//

#ifndef TOPHASH_OVERLAP_H
#define TOPHASH_OVERLAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// 2^15 buckets of four 32-byte slots: 4 MiB. Four slots let three strangers
// share a bucket with one variable; 26 million accesses of published test
// suites never filled one.
#define TOPHASH_BUCKET_BITS 15
#define TOPHASH_BUCKETS (1u << TOPHASH_BUCKET_BITS)
#define TOPHASH_SLOTS 4

/// Who accesses: an address that identifies a task or a thread (48 bits), with
/// the index of the running thread above it. Bit 0 is set for a thread.
typedef uint64_t tophash_owner;

#define TOPHASH_IDENTITY_MASK ((1ull << 48) - 1)

static inline uint64_t tophash_owner_identity(tophash_owner owner) {
  return owner & TOPHASH_IDENTITY_MASK;
}

/// Where the accessing function's stack is: its stack pointer (48 bits, marks in
/// the lowest three) and, above it, how many words higher its frame pointer is;
/// 0 when the function keeps none.
typedef uint64_t tophash_stack;

static inline tophash_stack tophash_stack_pack(uint64_t stack_pointer, uint64_t frame_pointer) {
  uint64_t words = (frame_pointer - stack_pointer) / sizeof(uint64_t);
  if (frame_pointer % sizeof(uint64_t) != 0 || words > 0xFFFF) words = 0;
  return (stack_pointer & TOPHASH_IDENTITY_MASK) | words << 48;
}

static inline uint64_t tophash_stack_pointer(tophash_stack stack) {
  return stack & TOPHASH_IDENTITY_MASK & ~7ull;
}

/// 0 when the function keeps no frame pointer.
static inline uint64_t tophash_frame_pointer(tophash_stack stack) {
  uint64_t words = stack >> 48;
  return words == 0 ? 0 : tophash_stack_pointer(stack) + words * sizeof(uint64_t);
}

/// Marks in the low bits of `stack`.
enum {
  TOPHASH_MARK_CAUGHT = 1,  // somebody found this access in a conflict
  TOPHASH_MARK_HELD = 2,    // a trap holds it open
};
#define TOPHASH_MARKS 7ull

/// One open access. `buffer` is 0 until the other fields are written.
struct tophash_access {
  uint64_t key;         // address << 1 | modifies; 0 when the slot is free
  uint64_t buffer;      // the runtime's record of the access, on the accessor's stack or in its task
  tophash_stack stack;  // with marks
  tophash_owner owner;
};

struct tophash_bucket {
  struct tophash_access slots[TOPHASH_SLOTS];
} __attribute__((aligned(128)));

/// Zero-initialised memory is an empty table.
struct tophash_table {
  struct tophash_bucket buckets[TOPHASH_BUCKETS];
};

static inline struct tophash_bucket *tophash_bucket(struct tophash_table *table, uint64_t address) {
  // Fibonacci hashing; the lowest bits of an address carry nothing.
  uint64_t hash = (address >> 3) * 0x9E3779B97F4A7C15ull;
  return &table->buckets[hash >> (64 - TOPHASH_BUCKET_BITS)];
}

static inline uint64_t tophash_access_address(uint64_t key) { return key >> 1; }
static inline bool tophash_access_modifies(uint64_t key) { return key & 1; }

/// Publishes an access. Returns its slot, or NULL when the bucket is full.
static inline struct tophash_access *tophash_overlap_publish(
    struct tophash_bucket *bucket, uint64_t key, uint64_t buffer, tophash_stack stack,
    tophash_owner owner) {
  for (int i = 0; i < TOPHASH_SLOTS; i++) {
    struct tophash_access *slot = &bucket->slots[i];
    // Relaxed: only a hint which slot to claim.
    if (__atomic_load_n(&slot->key, __ATOMIC_RELAXED) != 0) continue;
    uint64_t free = 0;
    // SeqCst: orders this publication before the scan that follows. Closes the
    // race in which two accesses begin at once and neither sees the other.
    if (!__atomic_compare_exchange_n(&slot->key, &free, key, false, __ATOMIC_SEQ_CST,
                                     __ATOMIC_RELAXED))
      continue;
    __atomic_store_n(&slot->owner, owner, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->stack, stack, __ATOMIC_RELAXED);
    // Release: whoever reads a non-zero buffer reads the fields above with it.
    // Closes the race of a scan that finds a claimed but unwritten slot.
    __atomic_store_n(&slot->buffer, buffer, __ATOMIC_RELEASE);
    return slot;
  }
  return NULL;
}

/// True when no access but `mine`, the first slot's, is open in the bucket: the
/// usual case, told by three loads and one branch.
static inline bool tophash_overlap_is_alone(struct tophash_bucket *bucket,
                                            const struct tophash_access *mine) {
  uint64_t others = 0;
  // SeqCst: partners of the publication, as in the scan.
  for (int i = 1; i < TOPHASH_SLOTS; i++)
    others |= __atomic_load_n(&bucket->slots[i].key, __ATOMIC_SEQ_CST);
  return mine == &bucket->slots[0] && others == 0;
}

/// Finds another open access that conflicts with `key`, at slot `*index` or
/// later; advances `*index` past it. Returns NULL when there is none.
static inline struct tophash_access *tophash_overlap_scan(
    struct tophash_bucket *bucket, uint64_t key, const struct tophash_access *mine, int *index) {
  while (*index < TOPHASH_SLOTS) {
    struct tophash_access *slot = &bucket->slots[(*index)++];
    // SeqCst: partner of the publication above; a plain load on x86-64.
    uint64_t other = __atomic_load_n(&slot->key, __ATOMIC_SEQ_CST);
    if ((other ^ key) <= 1 && ((other | key) & 1) && slot != mine) return slot;
  }
  return NULL;
}

/// Withdraws the access that was begun with `buffer`. Returns its marks; 0 as
/// well when it was never published.
static inline uint64_t tophash_overlap_withdraw(struct tophash_table *table, uint64_t address,
                                                uint64_t buffer, bool *found) {
  struct tophash_bucket *bucket = tophash_bucket(table, address);
  for (int i = 0; i < TOPHASH_SLOTS; i++) {
    struct tophash_access *slot = &bucket->slots[i];
    // Relaxed: the slot was written by this access's own begin, on this thread
    // or before this task was resumed here; a foreign slot cannot match.
    if (__atomic_load_n(&slot->buffer, __ATOMIC_RELAXED) != buffer) continue;
    if (__atomic_load_n(&slot->key, __ATOMIC_RELAXED) >> 1 != address) continue;
    uint64_t marks = __atomic_load_n(&slot->stack, __ATOMIC_RELAXED) & TOPHASH_MARKS;
    __atomic_store_n(&slot->buffer, 0, __ATOMIC_RELAXED);
    // Release: the cleared buffer is visible before the slot can be claimed
    // again. Closes the race of a scan that pairs a new key with an old buffer.
    __atomic_store_n(&slot->key, 0, __ATOMIC_RELEASE);
    *found = true;
    return marks;
  }
  *found = false;
  return 0;
}

/// A consistent copy of an open access, taken while its owner may end it.
///
/// Waits, for a bounded time, for the owner to finish writing a claimed slot.
/// Returns false when the slot no longer holds `key` or stays unwritten.
bool tophash_overlap_read(struct tophash_access *slot, uint64_t key, struct tophash_access *copy);

/// True while `slot` still holds the access that `copy` was taken from.
bool tophash_overlap_is_open(struct tophash_access *slot, const struct tophash_access *copy);

/// Frees a slot whose access will never end (its thread is gone, its memory is
/// reused). Does nothing when the slot has moved on.
void tophash_overlap_discard(struct tophash_access *slot, const struct tophash_access *copy);

/// Frees all slots of one identity; for a thread that exits inside an access.
/// Looks at the whole table: not for hot paths. Returns how many there were.
size_t tophash_overlap_discard_all(struct tophash_table *table, uint64_t identity);

#endif
