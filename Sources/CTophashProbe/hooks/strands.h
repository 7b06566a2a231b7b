// Strands and edges, as the hooks share them. Only with clocks on.

#ifndef TOPHASH_STRANDS_H
#define TOPHASH_STRANDS_H

#include "tophash_clocks.h"
#include "tophash_probe.h"

#pragma GCC visibility push(hidden)

#define TOPHASH_RECENT_STACKS 16u

/// The strands of one thread.
struct tophash_strands {
  /// Who runs here. NULL on a pool's thread between two pieces of work, and in
  /// the probe itself.
  struct tophash_strand *current;
  struct tophash_strand thread;
  struct tophash_strand task;
  uint64_t task_state;  // of the task that `task` follows; 0: none
  uint64_t left_state;  // of the task that was the last to leave; 0: none since the job began
  uint32_t jobs;        // that run on this thread, one within the other
  uint32_t task_job;    // which of them the task was entered in
  /// What the piece of work that ran here last knew: the runtime finishes it on
  /// this thread after it was left.
  struct tophash_clock tail;
  /// The stacks that accesses of this thread had last, by hash of the site.
  struct tophash_recent_stack {
    uint32_t stack;
    uint32_t count;
    uint64_t frames[TOPHASH_STACK_FRAMES];
  } recent[TOPHASH_RECENT_STACKS];
  uint32_t deinits;  // objects being destroyed on this thread, one within the other
  bool is_awaiting;  // the task came to a continuation, and did not leave since
  bool is_pool;      // runs the work items of Dispatch, and nothing of its own
  bool has_begun;    // `thread` was begun
  bool has_ended;
};
extern __thread struct tophash_strands tophash_strands __attribute__((tls_model("initial-exec")));

/// The strand that runs here, which begins now if the thread was not seen to start.
struct tophash_strand *tophash_strand_running(void);
/// The same for what the program itself does. If it awaited a continuation, that
/// is over.
struct tophash_strand *tophash_strand_current(void);

/// A piece of work that starts on this thread in a strand of its own.
void tophash_strand_enter(struct tophash_strand *strand, const char *label);
/// And its end. What it knows must be released before.
void tophash_strand_leave(struct tophash_strand *strand);

/// A task that starts or resumes here, and leaves.
void tophash_strand_enter_task(uint64_t state);
void tophash_strand_leave_task(uint64_t state);

void tophash_strand_thread_begin(uint64_t creation, uint32_t scope);
void tophash_strand_thread_exit(void);
/// What runs here is in another scope from now on.
void tophash_strand_enter_scope(uint32_t scope);
/// In a forked child: forgets everything but the thread that is left.
void tophash_strand_forked(void);

static inline void tophash_edge_release(uint64_t key) {
  tophash_clocks_release(tophash_process.clocks, tophash_strand_current(), key);
}
static inline void tophash_edge_acquire(uint64_t key) {
  tophash_clocks_acquire(tophash_process.clocks, tophash_strand_current(), key);
}

/// What the runtime announces. Between two pieces of work a pool's thread finishes
/// the first one, and speaks for that one.
void tophash_edge_announced_release(void *object);
void tophash_edge_announced_acquire(void *object);

/// Somebody has the only reference to `object`.
void tophash_edge_unique(const void *object);

/// Takes part in the runtime's announcements and deallocations. False when they
/// cannot be hooked, and there can be no clocks.
bool tophash_edges_start_swift(void);

/// The state pointer's place in a task; 0 until one was seen.
uint64_t tophash_task_state_offset(void);
/// True when a heap object is a task.
bool tophash_is_task(const void *object);
/// The id of the task that is just entered.
uint64_t tophash_task_current_id(uint64_t state);

#pragma GCC visibility pop

// Sync objects that are not one address. Addresses of objects end in three zero bits.
enum {
  TOPHASH_KEY_READERS = 1,   // of a lock, what its readers did
  TOPHASH_KEY_BARRIERS = 2,  // of a queue, what its barriers did
  TOPHASH_KEY_ITEMS = 3,     // and its other items
  TOPHASH_KEY_THREAD = 4,    // of a thread, what it did
  TOPHASH_KEY_SETUP = 5,     // of a source, what was done before it was resumed
};

#endif
