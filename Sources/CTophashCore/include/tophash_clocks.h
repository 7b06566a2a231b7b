//===----------------------------------------------------------------------===//
// Clocks: which access happened before which.
//
// A *strand* is one line of execution whose events have an order by themselves:
// a Swift task, a work item of Dispatch, a thread where there is neither. It
// has a *clock*: for every strand, how far into it is known to lie in the past.
// Strands hand their clocks on through *sync objects* (a lock, a queue, a job):
//
//   release   the sync object learns what the strand knows
//   acquire   the strand learns what the sync object knows
//
// The *shadow* remembers, for each variable, the last modification and the last
// reads as (strand, time). An access that finds one there of which its own clock
// does not know is *unordered* with it: nothing made the two wait for each other.
//
// The idea of comparing one time instead of whole clocks is FastTrack's
// (Flanagan and Freund, "FastTrack: Efficient and Precise Dynamic Race
// Detection", PLDI 2009). What differs here:
//
//   * A strand is no thread. Tasks come by the million, so a place in the clocks
//     (a *slot*) is held only while a strand runs, and goes on to a strand that
//     knows all of its past: nothing is lost. When there is none, the slot that
//     was left longest ago is taken, and its past counts as known.
//   * Memory is fixed. Where it does not suffice, what is unknown counts as
//     ordered: full sync buckets share a clock, a full shadow bucket forgets the
//     access. Both can hide a race, neither can make one up.
//   * Nothing locks or allocates. Times only grow, so that clocks may be read while
//     they are joined: whoever reads sees at least what the program's own
//     synchronisation made visible to it.
//===----------------------------------------------------------------------===//

#ifndef TOPHASH_CLOCKS_H
#define TOPHASH_CLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Slot 0 is nobody. 256 strands run at once, or have lately run unobserved.
#define TOPHASH_STRANDS 256

// 2^11 buckets of seven sync objects and one clock for all that find no room: 16 MiB.
#define TOPHASH_SYNC_BUCKET_BITS 11
#define TOPHASH_SYNCS 7

// 2^15 buckets of seven variables: 16 MiB. A bucket belongs to 64 bytes of
// memory, so that freeing an object touches few.
#define TOPHASH_SHADOW_BUCKET_BITS 15
#define TOPHASH_VARIABLES 7
#define TOPHASH_READS 7

// 2^16 different stacks of up to 15 frames: 8 MiB.
#define TOPHASH_STACK_BITS 16
#define TOPHASH_STACK_FRAMES 15

#define TOPHASH_PAGE_BITS 16
#define TOPHASH_RUNS 16

/// What is known to have happened, by slot.
struct tophash_clock {
  uint32_t times[TOPHASH_STRANDS];
} __attribute__((aligned(16)));

/// Who ran in a slot from `start` on, for reports.
struct tophash_run {
  uint32_t start;
  uint32_t tid;
  uint64_t owner;
  uint64_t task_id;
  uint32_t scope;
  char label[36];  // of the Dispatch queue
};

/// Used by one thread at a time; whoever hands it on orders the two.
struct tophash_strand {
  struct tophash_clock clock;
  uint32_t slot;  // 0: not followed
  bool told;      // all of its past was released: the next access begins a new time
  uint32_t scope;  // that it runs in, where it is no task; not looked at here
  struct tophash_strand *outer;  // whose place on the thread it took
};

/// An access: time << 32 | stack << 8 | slot; 0 when there is none. One word, so
/// that it is read and written whole.
typedef uint64_t tophash_event;

static inline uint32_t tophash_event_slot(tophash_event event) { return event & 0xFF; }
static inline uint32_t tophash_event_stack(tophash_event event) { return event >> 8 & 0xFFFFFF; }
static inline uint32_t tophash_event_time(tophash_event event) { return (uint32_t)(event >> 32); }

struct tophash_variable {
  tophash_event modification;
  tophash_event reads[TOPHASH_READS];
};

struct tophash_shadow_bucket {
  uint64_t addresses[TOPHASH_VARIABLES];  // 0: free
  uint64_t unused;
  struct tophash_variable variables[TOPHASH_VARIABLES];
};

struct tophash_sync_bucket {
  uint64_t keys[TOPHASH_SYNCS];  // 0: free
  uint64_t is_shared;            // here, in the cache line that every look-up reads
  struct tophash_clock clocks[TOPHASH_SYNCS];
  struct tophash_clock shared;  // of all that found no place
};

struct tophash_kept_stack {
  uint32_t hash;   // 0: free
  uint32_t count;  // 0: being written
  uint64_t frames[TOPHASH_STACK_FRAMES];
};

/// Zero-initialised memory that starts at a page. Its arrays are laid out in
/// cache lines of 64 bytes.
struct tophash_clocks {
  struct tophash_clock now;     // how far each slot has come
  struct tophash_clock common;  // what every strand knows
  uint8_t held[TOPHASH_STRANDS];
  uint64_t left[TOPHASH_STRANDS];  // when the slot was left last, in turns
  uint64_t turns;
  uint32_t width;     // slots 0..<width were ever used
  uint32_t unused[3];
  uint64_t stolen;    // slots whose past was counted as known
  uint64_t unfollowed;  // strands that found no slot
  uint64_t forgotten;  // accesses that found no room in the shadow
  uint64_t shared;     // sync objects that found no room of their own
  uint64_t stackless;  // accesses whose stack found no room
  struct tophash_run runs[TOPHASH_STRANDS][TOPHASH_RUNS];
  uint8_t next_run[TOPHASH_STRANDS];
  uint16_t pages[1u << TOPHASH_PAGE_BITS];  // variables and sync objects by hash of the page
  struct tophash_sync_bucket syncs[1u << TOPHASH_SYNC_BUCKET_BITS];
  struct tophash_shadow_bucket shadow[1u << TOPHASH_SHADOW_BUCKET_BITS];
  struct tophash_kept_stack stacks[1u << TOPHASH_STACK_BITS];
};

// Called at every access and lock: within one library, so that no call goes through
// the dynamic linker.
#pragma GCC visibility push(hidden)

// MARK: Strands

/// Starts a strand that knows nothing but `strand->clock`, or goes on with one
/// that was left: finds it a slot. `run` is kept for reports; its `start` is
/// filled in.
void tophash_strand_begin(struct tophash_clocks *clocks, struct tophash_strand *strand,
                          const struct tophash_run *run);
/// Leaves the slot. What the strand knows must be released before, or is lost.
void tophash_strand_end(struct tophash_clocks *clocks, struct tophash_strand *strand);
/// Forgets what the strand knows; for storage that is used again.
void tophash_strand_clear(struct tophash_clocks *clocks, struct tophash_strand *strand);

// MARK: Sync objects

/// `strand` may be NULL, for somebody of whom nothing is known: then the sync
/// object learns everything that has happened anywhere.
void tophash_clocks_release(struct tophash_clocks *clocks, struct tophash_strand *strand,
                            uint64_t key);
/// The same for a lock that the strand holds: nobody else releases it meanwhile.
void tophash_clocks_release_lock(struct tophash_clocks *clocks, struct tophash_strand *strand,
                                 uint64_t key);
void tophash_clocks_acquire(struct tophash_clocks *clocks, struct tophash_strand *strand,
                            uint64_t key);
/// The strand knows everything that has happened anywhere: an edge that could not be seen.
void tophash_clocks_acquire_all(struct tophash_clocks *clocks, struct tophash_strand *strand);
/// Everybody knows from now on what `strand` knows: for what is handed on without
/// a call, as the value of a global is after it was initialised.
void tophash_clocks_release_to_all(struct tophash_clocks *clocks, struct tophash_strand *strand);
/// Joins `from` into the sync object `key`: a release by somebody who knows `from`.
void tophash_clocks_release_clock(struct tophash_clocks *clocks, const struct tophash_clock *from,
                                  uint64_t key);
/// Adds what the sync object `key` knows to `into`.
void tophash_clocks_acquire_clock(struct tophash_clocks *clocks, struct tophash_clock *into,
                                  uint64_t key);
void tophash_clock_join(const struct tophash_clocks *clocks, struct tophash_clock *into,
                        const struct tophash_clock *from);
void tophash_clock_clear(const struct tophash_clocks *clocks, struct tophash_clock *clock);
/// The sync object is new, whatever was at its address before.
void tophash_clocks_forget_sync(struct tophash_clocks *clocks, uint64_t key);

// MARK: Accesses

/// What an access is unordered with.
struct tophash_unordered {
  tophash_event earlier;
  bool modified;  // the earlier one did
};

/// Notes an access and compares it with the earlier ones. True when it is
/// unordered with one of them: `*found` says with which.
bool tophash_clocks_access(struct tophash_clocks *clocks, struct tophash_strand *strand,
                           uint64_t address, bool modifies, uint32_t stack,
                           struct tophash_unordered *found);
/// True when `tophash_clocks_access` would neither note nor find anything: the
/// same strand has accessed the variable before and told nobody since.
bool tophash_clocks_is_repeated(struct tophash_clocks *clocks, struct tophash_strand *strand,
                                uint64_t address, bool modifies);
/// Forgets variables and sync objects in memory that is freed or new.
void tophash_clocks_forget_memory(struct tophash_clocks *clocks, uint64_t address, uint64_t size);

#define TOPHASH_PAGE 4096ull

/// The number of variables and sync objects in the page of `address`, and in others
/// of the same hash.
static inline uint16_t *tophash_page_count(struct tophash_clocks *clocks, uint64_t address) {
  uint64_t hash = address / TOPHASH_PAGE * 0x9E3779B97F4A7C15ull;
  return &clocks->pages[hash >> (64 - TOPHASH_PAGE_BITS)];
}

/// False when nothing is known of `size` bytes of memory: two loads tell, nearly always.
static inline bool tophash_clocks_may_know(struct tophash_clocks *clocks, uint64_t address,
                                           uint64_t size) {
  if (size > TOPHASH_PAGE) return true;
  return __atomic_load_n(tophash_page_count(clocks, address), __ATOMIC_RELAXED) != 0 ||
         __atomic_load_n(tophash_page_count(clocks, address + size - (size != 0)),
                         __ATOMIC_RELAXED) != 0;
}

// MARK: What reports need

/// Keeps a stack; the same stack has the same number. 0 when there is no room.
uint32_t tophash_clocks_keep_stack(struct tophash_clocks *clocks, const uint64_t *frames,
                                   uint32_t count);
/// NULL when `stack` is 0.
const struct tophash_kept_stack *tophash_clocks_stack(const struct tophash_clocks *clocks,
                                                      uint32_t stack);
/// Who made an access. False when that was too long ago.
bool tophash_clocks_run_of(const struct tophash_clocks *clocks, tophash_event event,
                           struct tophash_run *run);

#pragma GCC visibility pop

#endif
