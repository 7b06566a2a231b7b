//===----------------------------------------------------------------------===//
// The probe's units, and the little that they share. In reading order:
//
//   hooks/process.c  start, fork and exit of a checked process; the self-test
//   hooks/runtime.c  where the Swift runtime's entry points are
//   hooks/patch.c    how an entry point is redirected
//   hooks/imports.c  and how calls pass the hooks by that are not needed
//   hooks/access.c   begin and end of an access: the hot path
//   hooks/gate.c     in front of modifications of a buffer in place
//   hooks/task.c     which task runs on this thread
//   hooks/locks.c    which addresses are locks, and what they order
//   hooks/thread.c   the probe's view of one thread
//   hooks/scopes.c   which test this belongs to
//   hooks/strands.c  with clocks: which strand runs here, and its accesses
//   hooks/edges.c    what the Swift runtime orders, and where memory ends
//   hooks/spawn.c    where threads start, and who waits for their end
//   hooks/dispatch.c what Dispatch orders
//   hooks/pipes.c    what is handed over through a pipe
//   hooks/waits.c    what threads and tasks wait for
//   hooks/timeline.c what happened when
//   watch/           single variables, watched by the processor (watch/watch.h)
//   output/conflict.c  what is written down when two accesses meet
//   output/unordered.c and when clocks find two that nothing orders
//   output/stack.c     stacks, walked without trusting them
//   output/events.c    the file that it is written to
//   output/waits.c     and the one for waits
//   output/timeline.c  and the one for the timeline
//
// Rules. The hot path does not allocate, lock, make a system call or call into
// Swift. No path changes `errno`. Memory of the program is read only through
// `tophash_memory_read`, except for what the runtime has just handed over.
//===----------------------------------------------------------------------===//

#ifndef TOPHASH_PROBE_H
#define TOPHASH_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tophash_clocks.h"
#include "tophash_overlap.h"
#include "tophash_protocol.h"
#include "tophash_timeline.h"
#include "tophash_traps.h"
#include "tophash_waits.h"

#define TOPHASH_EXPORT __attribute__((visibility("default")))
#define TOPHASH_HIDDEN __attribute__((visibility("hidden")))
#define TOPHASH_COLD __attribute__((noinline, cold))
// Returns by a jump to the function called, in every build: it finds the caller's
// return address and stack where they were.
#define TOPHASH_JUMP __attribute__((musttail)) return
#define tophash_unlikely(condition) __builtin_expect(!!(condition), 0)

#pragma GCC visibility push(hidden)

// MARK: One thread (hooks/thread.c)

#define TOPHASH_SITE_BITS 9  // 8 KiB of thread-local memory
#define TOPHASH_SITES (1u << TOPHASH_SITE_BITS)

/// When to look at a site again, on this thread.
struct tophash_site {
  uint64_t pc;
  uint32_t countdown;
  uint32_t visits;
};

struct tophash_thread {
  tophash_owner owner;  // who runs here now: the task, else the thread
  struct tophash_counters *counters;  // NULL until the thread is attached
  uint64_t latest;     // address of the access begun last
  uint64_t latest_pc;  // and its site
  int32_t open;    // accesses begun here and not ended here: too high when a task took one along
  bool reporting;  // on the cold path: accesses of a signal handler are let through
  uint16_t index;  // into the table of thread ids; 0 when that is full
  uint32_t looks;    // passages of the gate that were worth a look
  uint64_t visited_ns;       // when a visit last ended here
  uint64_t visited_tracked;  // and the counter of accesses then
  uint64_t idle_from_ns;     // the latest long time without an access
  uint64_t idle_to_ns;
  uint32_t crowded;  // accesses at sites that found no entry for themselves
  uint64_t random;
  struct tophash_site sites[TOPHASH_SITES];
};

// Initial-exec: one instruction to reach, and never an allocation. A preloaded
// library is present at start, where the linker reserves room for it.
extern __thread struct tophash_thread tophash_self __attribute__((tls_model("initial-exec")));

/// Seeds the random choices of threads that attach later.
extern uint64_t tophash_seed;

/// A random number below 2^63.
static inline uint64_t tophash_thread_random(struct tophash_thread *self) {
  // xorshift64
  self->random ^= self->random << 13;
  self->random ^= self->random >> 7;
  self->random ^= self->random << 17;
  return self->random >> 1;
}

/// What a thread was doing before it took the cold path.
struct tophash_interrupted {
  int error;         // errno
  int cancellation;  // state of the thread's cancellation
};

/// Begins and ends the cold path, which makes system calls: `errno` stays as it
/// was, and the thread is not cancelled in the middle.
struct tophash_interrupted tophash_cold_begin(void);
void tophash_cold_end(struct tophash_interrupted before);

/// Sets up the calling thread on its first access.
void tophash_thread_attach(void);
/// Creates the key whose destructor runs at thread exit.
void tophash_thread_start(void);
/// Forgets all threads but the calling one, which is new: after fork.
void tophash_thread_forked(void);
/// The kernel's id of the thread that an owner ran on; 0 when not known.
uint32_t tophash_thread_id(tophash_owner owner);
/// Who runs now on the thread that `owner` ran on; 0 when that thread is gone.
tophash_owner tophash_owner_on_thread(tophash_owner owner);
/// Where the thread-local structure is of the thread that `owner` ran on; 0 when that is
/// gone. To be read only through `tophash_memory_read`.
uint64_t tophash_thread_address(tophash_owner owner);
/// The owner as a bare thread; tasks replace the identity while they run.
tophash_owner tophash_thread_owner(void);

// MARK: The process (hooks/process.c)

struct tophash_process {
  bool watching;  // hooks are active
  bool halt;      // stop at a conflict until the tool has judged it
  bool patch;     // entry patching allowed
  bool gate;      // storage is watched
  struct tophash_traps *traps;
  struct tophash_table *table;
  bool has_scopes;                // tests are told apart
  bool has_clocks;                // order is followed
  struct tophash_clocks *clocks;  // not NULL once anything is hooked for their sake
  const struct tophash_waits *waits;  // NULL unless waits are measured
  const struct tophash_timeline *timeline;  // NULL unless events are recorded
};
extern struct tophash_process tophash_process;

uint64_t tophash_now_ns(void);
/// Finds the runtime when it was loaded after start; called by hooks that find
/// themselves without an original. False when there is none to be found.
bool tophash_process_find_runtime(void);
/// Opens the event file of a process that was forked and lives on: called by its
/// threads on their first access.
void tophash_process_settle(void);

// MARK: The runtime (hooks/runtime.c, hooks/patch.c)

struct tophash_executor {
  void *identity;  // NULL for the global executor, which orders nothing
  void *implementation;
};

/// The runtime's functions, as the hooks call them: the originals, or the
/// trampolines that lead to them past the patch.
struct tophash_runtime {
  void (*begin_access)(void *address, uint64_t *buffer, uintptr_t flags, void *pc);
  void (*end_access)(uint64_t *buffer);
  void (*enter_task)(char *state);
  void (*exit_task)(char *state);
  void *(*current_task)(void);
  const char *(*current_task_name)(void);
  const char *(*queue_label)(void *queue);
  bool (*is_unique)(const void *object);
  void *(*retain)(const void *object);
  void *(*unowned_retain)(const void *object);
  void (*unowned_release)(const void *object);
  struct tophash_executor (*current_executor)(void);
};
extern struct tophash_runtime tophash_runtime;

/// Looks the functions up; true when an access can be hooked.
bool tophash_runtime_find(void);
/// The entry points as the runtime's callers reach them, for the self-test.
void (*tophash_runtime_entry_begin(void))(void *, uint64_t *, uintptr_t, void *);
void (*tophash_runtime_entry_end(void))(uint64_t *);
/// True when the runtime is part of the program: interposition cannot reach it.
bool tophash_runtime_is_static(void);
/// Where the code of a library lies; both 0 where there is none.
struct tophash_code {
  uint64_t low, high;
};
extern struct tophash_code tophash_concurrency_code;
/// True for code of the library that runs tasks; never in a program that holds
/// the runtime itself. Asked for each frame of a stack: no call.
static inline bool tophash_runtime_runs_tasks(uint64_t pc) {
  return pc - tophash_concurrency_code.low <
         tophash_concurrency_code.high - tophash_concurrency_code.low;
}
/// Redirects the runtime's entry points to the hooks. Only while the process
/// has one thread. True when all of them were.
bool tophash_runtime_patch(void);
/// Has every question whether a buffer is shared get to the hook, also the runtime's
/// own. Only while the process has one thread. True when it does.
bool tophash_runtime_patch_gate(void);
/// Puts the gate in front of modifications in place. Only while the process has
/// one thread. True when it works.
bool tophash_runtime_watch_gate(bool may_patch);
/// Lets accesses go straight to the runtime again, past the hooks in front. Only while the
/// process has one thread.
void tophash_runtime_pass_accesses(void);
/// True for code of the library that brings collections; never in a program that
/// holds the runtime itself.
bool tophash_runtime_is_core(uint64_t pc);

/// Redirects the function at `entry` to `hook`. Returns code that runs the
/// original, or NULL (and changes nothing) when its prologue is not known.
void *tophash_patch_entry(void *entry, void *hook);
/// Makes a function of this library a jump to `target`. False when that is not allowed.
bool tophash_patch_forward(void *function, void *target);

// MARK: Imports (hooks/imports.c)

/// Lets calls of hooks that only accesses need go straight to the originals, of all
/// images that are loaded now. Only while the process has one thread.
void tophash_imports_release_for_waits(void);
/// The same of all hooks but those of tasks.
void tophash_imports_release_for_watch(void);

// MARK: The gate (hooks/gate.c)

/// Marks the address of a buffer in the table of open accesses, where those of
/// variables are: objects lie at even addresses.
#define TOPHASH_STORAGE 1ull

/// True when the runtime's function at `entry` does what the hook does.
bool tophash_gate_is_known(const void *entry);
/// Opens the gate for business if a question asked at `entry` gets here.
bool tophash_gate_start(bool (*entry)(const void *));
/// From now on the clocks are told who has the only reference to an object.
void tophash_gate_tell_clocks(void);
/// Has every buffer looked at that is new at `pc`.
void tophash_gate_arm(uint64_t pc);
/// Forgets who is held: in a forked child.
void tophash_gate_forked(void);

// MARK: Scopes (hooks/scopes.c)

/// Follows tasks from now on. Only while the process has one thread.
void tophash_scopes_start(void);
/// The scope of what runs on this thread now; 0: none.
uint32_t tophash_scope_current(void);
/// The scope of another owner, whose task has the number `task` if it is one, as far as it can
/// be told from outside.
uint32_t tophash_scope_of(tophash_owner owner, uint64_t task);
/// Has the same two sites in two tests told apart: to be added to what identifies a conflict.
static inline uint64_t tophash_scope_pair(uint32_t one, uint32_t other) {
  return ((uint64_t)one + other) * 0xD6E8FEB86659FD93ull;
}

// MARK: Images (hooks/edges.c)

/// Finds out where the code of the runtime and of the program is, once.
void tophash_note_images(void);
/// True for code of the Swift runtime or of Dispatch. What they lock for themselves
/// orders nothing that a program could rely on.
bool tophash_is_runtime(const void *caller);
/// True for an address in the program itself, without its libraries.
bool tophash_is_program(uint64_t address);

// MARK: Order (hooks/strands.c)

/// Compares an access with what the clocks know of its variable. `frame` is the
/// accessing function's frame pointer. Only with clocks.
void tophash_strand_access(uint64_t address, bool modifies, uint64_t pc, uint64_t frame);

// MARK: The hooks' cold sides

void tophash_conflict_caught(struct tophash_bucket *bucket, int slot, uint64_t key,
                             const struct tophash_access *mine, uint64_t pc);
/// An access of this thread, of a task that is in `context`, is unordered with an
/// earlier one.
void tophash_conflict_unordered(uint64_t address, bool modifies, uint32_t stack, uint64_t context,
                                const struct tophash_unordered *found);
/// Claims a record for what `pair` identifies; NULL when that is known (then it is
/// counted) or no record is left.
struct tophash_conflict *tophash_conflict_claim(uint64_t pair);
/// The name of a thread of this process.
void tophash_thread_name(uint32_t tid, char *into, size_t capacity);
/// Sleeps while `*word` is `value`, for at most `ns`: until somebody wakes it.
void tophash_sleep(const uint64_t *word, uint64_t value, uint64_t ns);
/// Ends the sleep of whoever sleeps on `word`.
void tophash_wake(const uint64_t *word);
/// Forgets which pairs of sites were written: in a forked child, whose file is empty.
void tophash_conflict_forget(void);
/// Adds what only the accessor knows to a conflict in which it was found.
void tophash_conflict_amend(uint64_t pc, tophash_owner owner);

/// Walks frame pointers from `frame`, which is that of the function at `pc`. Returns
/// how many return addresses were written; `async_context` becomes the context of
/// the innermost frame that the runtime's job runner called, or 0; it need not be a
/// context indeed.
uint32_t tophash_stack_walk(uint64_t pc, uint64_t frame, uint64_t *frames, uint32_t capacity,
                            uint64_t *async_context);
/// The same for the calling thread, without a system call: its own stack is trusted as
/// far as it lies where a stack lies. `pc` comes first, and code below that which runs
/// tasks is none of the program's.
uint32_t tophash_stack_collect(uint64_t pc, uint64_t frame, uint64_t *frames, uint32_t capacity,
                               uint64_t *async_context);
/// Tells stacks apart in which functions without frame pointers hide their callers, by
/// what points into the program's code in the words from `stack_pointer` on. Stacks that
/// differ elsewhere may look alike, and equal ones may differ in what was left behind.
uint64_t tophash_stack_digest(uint64_t stack_pointer);
/// The site that a reader would name: the return address in the program itself when
/// `pc`, with the frame in `stack`, lies in the library of collections.
uint64_t tophash_stack_site(uint64_t pc, tophash_stack stack);
/// Follows async contexts. Returns how many resume functions were written.
uint32_t tophash_stack_walk_async(uint64_t context, uint64_t *frames, uint32_t capacity);

/// Fills in the calling thread's task, queue and thread names.
void tophash_task_describe(struct tophash_side *side);
/// The id of the task whose state identifies `owner`; 0 when it cannot be told.
uint64_t tophash_task_id(tophash_owner owner);

// MARK: Single variables (watch/)

/// Watches what the tool asked for. Only while the process has one thread.
void tophash_watch_start(const char *session, bool may_patch);
/// Notes how many hits there were, at the end.
void tophash_watch_stop(void);
/// Watches nothing from now on: in a forked child.
void tophash_watch_forked(void);

// MARK: The event file (output/events.c)

struct tophash_events {
  struct tophash_header *header;
  struct tophash_counters *counters;
  uint64_t *locks;
  struct tophash_image *images;
  struct tophash_conflict *conflicts;
  struct tophash_visited *visits;
  struct tophash_scope *scopes;
};
/// Always valid: the file's mapping, or a scratch area when there is none.
extern struct tophash_events tophash_events;

/// Maps a new event file in `session`. False when it cannot be created or the
/// disk is full; then events go to the scratch area.
bool tophash_events_open(const char *session);
/// Maps a new file of this process in `session`, all zero and with its room reserved;
/// NULL when there is none to be had.
void *tophash_events_map(const char *session, const char *extension, size_t size);
/// An address in the file at `path`, where this process has it; 0 when it has it not.
uint64_t tophash_events_address(const char *path, uint64_t address);
/// Back to the scratch area: in a forked child, the file is its parent's.
void tophash_events_detach(void);
/// Takes over, in a forked child, the images that the parent had noted, which are at the
/// same places, and its scopes.
void tophash_events_inherit(void);
/// Notes images that were loaded since the last call.
void tophash_events_note_images(void);
/// Notes what the traps have done.
void tophash_events_note_traps(void);
/// Remembers that `address` is a lock.
void tophash_events_note_lock(uint64_t address);
/// True when `address` was noted as a lock.
bool tophash_events_is_lock(uint64_t address);

// MARK: The file of waits (output/waits.c)

/// Measures waits from now on. False when the file cannot be made.
bool tophash_waits_open(const char *session);

// MARK: The file of the timeline (output/timeline.c)

/// Records events from now on. False when the file cannot be made.
bool tophash_timeline_open(const char *session);
/// Has those accesses recorded that the tool has chosen in `session`.
void tophash_timeline_choose(const char *session);
/// Whether accesses at `pc` are chosen.
bool tophash_timeline_is_chosen(uint64_t pc);

// MARK: Which sites ran (output/visits.c)

/// Notes that a tracked access of `address` was looked at.
void tophash_visits_note(uint64_t pc, uint64_t address, uint64_t identity);
/// Notes that somebody waited for the access that was held at `pc`.
void tophash_visits_delayed(uint64_t pc);
/// Notes that an access was held.
void tophash_visits_held(uint64_t pc, uint64_t held_ns, bool caught);
/// Sets the traps that earlier runs left in `session`.
void tophash_visits_learn(const char *session);

#pragma GCC visibility pop

#endif
