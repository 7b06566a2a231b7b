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
//
// A slot is named by its bucket and its index.
//===----------------------------------------------------------------------===//

#ifndef TOPHASH_OVERLAP_H
#define TOPHASH_OVERLAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// 2^15 buckets of four slots of 32 bytes: 4 MiB. Four slots let three strangers
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
  TOPHASH_MARK_CAUGHT = 1,   // somebody found this access in a conflict
  TOPHASH_MARK_HELD = 2,     // a trap holds it open
  TOPHASH_MARK_READING = 4,  // somebody reads its stack: its end waits a moment
};
#define TOPHASH_MARKS 7ull

/// What is known of an open access besides its key. `buffer` is 0 until the
/// other fields are written.
struct tophash_details {
  uint64_t buffer;      // the runtime's record of the access, on the accessor's stack or in its task
  tophash_stack stack;  // with marks
  tophash_owner owner;
};

/// The keys come first, so that an access that is alone in its bucket, and so in
/// its first slot, touches one cache line of the two.
struct tophash_bucket {
  uint64_t keys[TOPHASH_SLOTS];  // address << 1 | modifies; 0 when the slot is free
  struct tophash_details details[TOPHASH_SLOTS];
} __attribute__((aligned(128)));

/// An open access, copied out of its slot.
struct tophash_access {
  uint64_t key;
  uint64_t buffer;
  tophash_stack stack;  // with marks
  tophash_owner owner;
};

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

#define TOPHASH_NO_SLOT (-1)

/// The C library's own note that this process has one thread (glibc 2.32 and later; weak, so that
/// an older one only costs speed). It is cleared before a second thread starts.
extern char __libc_single_threaded __attribute__((weak));

static inline bool tophash_is_single_threaded(void) {
  return &__libc_single_threaded != NULL && __libc_single_threaded;
}

/// Claims one slot; false when it is taken.
static inline bool tophash_overlap_claim(struct tophash_bucket *bucket, int slot, uint64_t key,
                                         uint64_t buffer, tophash_stack stack,
                                         tophash_owner owner) {
  struct tophash_details *details = &bucket->details[slot];
  uint64_t free = 0;
  if (tophash_is_single_threaded()) {
    // The locked instruction below is half of what an access costs, and here nobody races: a
    // signal's handler frees the slots that it claims before this goes on, and a thread that
    // starts later sees all that came before its start.
    if (__atomic_load_n(&bucket->keys[slot], __ATOMIC_RELAXED) != 0) return false;
    __atomic_store_n(&bucket->keys[slot], key, __ATOMIC_RELAXED);
  } else if (!__atomic_compare_exchange_n(&bucket->keys[slot], &free, key, false, __ATOMIC_SEQ_CST,
                                          __ATOMIC_RELAXED)) {
    // SeqCst: orders this publication before the scan that follows. Closes the
    // race in which two accesses begin at once and neither sees the other.
    return false;
  }
  __atomic_store_n(&details->owner, owner, __ATOMIC_RELAXED);
  __atomic_store_n(&details->stack, stack, __ATOMIC_RELAXED);
  // Release: whoever reads a non-zero buffer reads the fields above with it.
  // Closes the race of a scan that finds a claimed but unwritten slot.
  __atomic_store_n(&details->buffer, buffer, __ATOMIC_RELEASE);
  return true;
}

/// Publishes an access whose bucket's first slot is taken.
int tophash_overlap_publish_further(struct tophash_bucket *bucket, uint64_t key, uint64_t buffer,
                                    tophash_stack stack, tophash_owner owner);

/// Publishes an access. Returns its slot, or TOPHASH_NO_SLOT when the bucket is full.
static inline int tophash_overlap_publish(struct tophash_bucket *bucket, uint64_t key,
                                          uint64_t buffer, tophash_stack stack,
                                          tophash_owner owner) {
  if (__builtin_expect(tophash_overlap_claim(bucket, 0, key, buffer, stack, owner), true)) return 0;
  return tophash_overlap_publish_further(bucket, key, buffer, stack, owner);
}

/// True when no access but the one in slot `mine`, the first, is open in the
/// bucket: the usual case, told by three loads and one branch.
static inline bool tophash_overlap_is_alone(struct tophash_bucket *bucket, int mine) {
  uint64_t others = 0;
  // SeqCst: partners of the publication, as in the scan.
  for (int i = 1; i < TOPHASH_SLOTS; i++)
    others |= __atomic_load_n(&bucket->keys[i], __ATOMIC_SEQ_CST);
  return mine == 0 && others == 0;
}

/// Finds another open access that conflicts with `key`, at slot `*from` or
/// later; advances `*from` past it. Returns TOPHASH_NO_SLOT when there is none.
static inline int tophash_overlap_scan(struct tophash_bucket *bucket, uint64_t key, int mine,
                                       int *from) {
  while (*from < TOPHASH_SLOTS) {
    int slot = (*from)++;
    // SeqCst: partner of the publication above; a plain load on x86-64.
    uint64_t other = __atomic_load_n(&bucket->keys[slot], __ATOMIC_SEQ_CST);
    if ((other ^ key) <= 1 && ((other | key) & 1) && slot != mine) return slot;
  }
  return TOPHASH_NO_SLOT;
}

/// Waits, for a bounded time, while a slot's access is being read.
void tophash_overlap_await_reader(struct tophash_bucket *bucket, int slot);

/// Returned by `tophash_overlap_withdraw` for an access that was never published.
#define TOPHASH_UNPUBLISHED 8ull

/// Withdraws the access that was begun with `buffer`. Returns its marks, or
/// TOPHASH_UNPUBLISHED.
static inline uint64_t tophash_overlap_withdraw(struct tophash_table *table, uint64_t address,
                                                uint64_t buffer) {
  struct tophash_bucket *bucket = tophash_bucket(table, address);
  for (int slot = 0; slot < TOPHASH_SLOTS; slot++) {
    struct tophash_details *details = &bucket->details[slot];
    // Relaxed: the slot was written by this access's own begin, on this thread
    // or before this task was resumed here; a foreign slot cannot match.
    if (__atomic_load_n(&details->buffer, __ATOMIC_RELAXED) != buffer) continue;
    if (__atomic_load_n(&bucket->keys[slot], __ATOMIC_RELAXED) >> 1 != address) continue;
    uint64_t marks = __atomic_load_n(&details->stack, __ATOMIC_RELAXED) & TOPHASH_MARKS;
    // Whoever marks it a moment later finds, after reading, that it has ended.
    if (__builtin_expect((marks & TOPHASH_MARK_READING) != 0, false))
      tophash_overlap_await_reader(bucket, slot);
    // Relaxed: stores keep their order on x86-64, so whoever still finds the
    // buffer has read a frame that still stands.
    __atomic_store_n(&details->buffer, 0, __ATOMIC_RELAXED);
    // Release: the cleared buffer is visible before the slot can be claimed
    // again. Closes the race of a scan that pairs a new key with an old buffer.
    __atomic_store_n(&bucket->keys[slot], 0, __ATOMIC_RELEASE);
    return marks;
  }
  return TOPHASH_UNPUBLISHED;
}

/// Withdraws the access if it has its bucket's first slot and nobody marked it: the usual case,
/// without a loop or a call. False when it did nothing.
static inline bool tophash_overlap_withdraw_unmarked(struct tophash_table *table, uint64_t address,
                                                     uint64_t buffer) {
  struct tophash_bucket *bucket = tophash_bucket(table, address);
  struct tophash_details *details = &bucket->details[0];
  // The same loads and stores as above, and the same proof.
  if (__atomic_load_n(&details->buffer, __ATOMIC_RELAXED) != buffer ||
      __atomic_load_n(&bucket->keys[0], __ATOMIC_RELAXED) >> 1 != address ||
      (__atomic_load_n(&details->stack, __ATOMIC_RELAXED) & TOPHASH_MARKS) != 0)
    return false;
  __atomic_store_n(&details->buffer, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&bucket->keys[0], 0, __ATOMIC_RELEASE);
  return true;
}

/// A consistent copy of an open access, taken while its owner may end it.
///
/// Waits, for a bounded time, for the owner to finish writing a claimed slot.
/// Returns false when the slot no longer holds `key` or stays unwritten.
bool tophash_overlap_read(struct tophash_bucket *bucket, int slot, uint64_t key,
                          struct tophash_access *copy);

/// True while the slot still holds the access that `copy` was taken from.
bool tophash_overlap_is_open(struct tophash_bucket *bucket, int slot,
                             const struct tophash_access *copy);

/// Marks an access as caught and about to be read: unless its owner is already
/// past the check, its end waits for `tophash_overlap_let_go`. Returns the
/// marks that it had, or TOPHASH_UNPUBLISHED when it has ended.
///
/// Nobody waits here. Waiting at the end is bounded, so that neither a reader
/// that is interrupted by a signal nor one that is gone can stop the program.
uint64_t tophash_overlap_hold_back(struct tophash_bucket *bucket, int slot,
                                   const struct tophash_access *copy);

/// Lets the owner go on. True when what was read of its stack since
/// `tophash_overlap_hold_back` is exact: the access was open all the time.
bool tophash_overlap_let_go(struct tophash_bucket *bucket, int slot,
                            const struct tophash_access *copy);

/// Frees a slot whose access will never end (its thread is gone, its memory is
/// reused). Does nothing when the slot has moved on.
void tophash_overlap_discard(struct tophash_bucket *bucket, int slot,
                             const struct tophash_access *copy);

/// Frees all slots of one identity; for a thread that exits inside an access.
/// Looks at the whole table: not for hot paths. Returns how many there were.
size_t tophash_overlap_discard_all(struct tophash_table *table, uint64_t identity);

#endif
