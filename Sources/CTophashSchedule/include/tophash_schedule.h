// Schedules: which thread runs next, and what is remembered of it.
//
// A controlled program runs one thread at a time. Whenever that thread reaches a
// *point* (it is about to touch shared state, take a lock, end, …) the scheduler
// says which thread goes on. This library holds that decision and nothing else: no
// hook, no lock, no system call. The preloaded library calls it from the points of a
// program, the tests call it with made-up threads.
//
// The two structures that tool and program share, the order and the account of a
// run, are here as well; they lie in one mapped file.
//
//   schedulers.c  the policies: random walk, priorities, replay
//   record.c      deviations from the default order, the hash of a run, names of objects

#ifndef TOPHASH_SCHEDULE_H
#define TOPHASH_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOPHASH_SCHEDULE_VERSION 1

/// Threads that one run can have. A run that needs more ends as TOPHASH_END_LIMIT.
#define TOPHASH_THREADS 512
#define TOPHASH_CHOICES 32768
#define TOPHASH_EVENTS 32768
#define TOPHASH_FRAMES 14
#define TOPHASH_NO_THREAD 0xFFFFFFFFu

// MARK: Points

/// What a thread is about to do at a point.
enum tophash_point {
  TOPHASH_POINT_START = 1,    // run its first instruction
  TOPHASH_POINT_READ,         // read a variable
  TOPHASH_POINT_MODIFY,       // modify one
  TOPHASH_POINT_MODIFYING,    // go on while the modification is open
  TOPHASH_POINT_LOCK,         // take a mutex
  TOPHASH_POINT_UNLOCK,       // go on after giving it back
  TOPHASH_POINT_READ_LOCK,    // take a reader-writer lock
  TOPHASH_POINT_WRITE_LOCK,
  TOPHASH_POINT_WAIT,         // wait for a condition
  TOPHASH_POINT_SIGNAL,       // signal one
  TOPHASH_POINT_ACQUIRE,      // take from a semaphore
  TOPHASH_POINT_POST,         // give to one
  TOPHASH_POINT_CREATE,       // go on after starting a thread
  TOPHASH_POINT_JOIN,         // wait for a thread to end
  TOPHASH_POINT_END,          // end
  TOPHASH_POINT_FUTEX,        // wait at a word of memory
  TOPHASH_POINT_WAKE,         // wake those who do
  TOPHASH_POINT_SLEEP,        // let time pass
  TOPHASH_POINT_YIELD,        // let others go first
  TOPHASH_POINT_DESCRIPTOR,   // wait for input or output
  TOPHASH_POINT_SUSPEND,      // wait for a signal
  TOPHASH_POINT_DISPATCH,     // call Dispatch
  TOPHASH_POINT_JOB,          // start or resume a Swift task
  TOPHASH_POINT_SWITCH,       // hop to another executor
  TOPHASH_POINT_ATOMIC,       // execute a locked instruction
  TOPHASH_POINT_ONCE,         // initialise something once
  TOPHASH_POINT_BARRIER,      // wait until enough threads have come
  TOPHASH_POINT_IDLE,         // (a worker) wait for a job
  TOPHASH_POINT_TASK,         // start a Swift task
  TOPHASH_POINT_CANCEL,       // cancel one
  TOPHASH_POINT_RESUME,       // resume a continuation
  TOPHASH_POINT_GIVE,         // give to a stream, or end it
  TOPHASH_POINT_AWAIT,        // wait for a stream or a task
  TOPHASH_POINT_KINDS
};

/// True when the order of two such operations on one object can matter.
bool tophash_points_conflict(uint32_t one, uint32_t other);

// MARK: Policies

enum tophash_policy {
  /// Go on with the same thread; when it cannot go on, with the next in order.
  TOPHASH_POLICY_DEFAULT,
  /// Any of those that can go on, with equal chances.
  TOPHASH_POLICY_RANDOM,
  /// Each next operation has a random priority (partial order sampling, Yuan et al.
  /// 2018): redrawn when it was executed, and when a conflicting one was.
  TOPHASH_POLICY_POS,
  /// The same, but new threads wait until those before them cannot go on.
  TOPHASH_POLICY_POS_LATE,
  /// Each thread has a random priority, lowered at `depth - 1` random steps
  /// (probabilistic concurrency testing, Burckhardt et al. 2010).
  TOPHASH_POLICY_PCT,
  /// Go on with the same thread, but one time in ten with any.
  TOPHASH_POLICY_STICKY,
  /// As POS, but threads that are about to do the same to the same object at the same place are
  /// one choice: that many are alike hides the odd one no longer. Starts are late in half of the
  /// runs; a thread that starts comes to its first point at once.
  TOPHASH_POLICY_ALIKE,
  /// As POS_LATE, but whoever has taken a lock (or from a semaphore, or executed a locked
  /// instruction) goes behind all others.
  TOPHASH_POLICY_HOLD,
  TOPHASH_POLICIES
};

/// One deviation from the default order: at its `step`th own point, `thread` let
/// `next` run. Counting for each thread apart keeps the others valid when one is removed.
struct tophash_choice {
  uint32_t thread;
  uint32_t step;
  uint32_t next;
};

// MARK: Order and account of a run

/// What the tool wants. Written before a run, read at its start.
struct tophash_order {
  uint32_t policy;
  uint32_t depth;        // PCT
  uint64_t seed;
  uint32_t length;       // PCT: how many steps a run is believed to have
  uint32_t step_limit;
  uint32_t is_detailed;  // keep all events
  uint32_t is_replay;    // follow `choices`; the policy decides what they leave open
  uint32_t choice_count;
  uint32_t keeps_crossroads;  // for a search that tries every one
  uint32_t real_limit_ms;  // how long a run may stay without any progress
  uint32_t is_direct;    // one run, in the process that was started: for a debugger
  uint32_t delay_ms;     // virtual time that may pass in a run while somebody could go on
  struct tophash_choice choices[TOPHASH_CHOICES];
};

enum tophash_end {
  /// The program ended by itself, or was ended by a signal: see its wait status.
  TOPHASH_END_PROGRAM,
  /// No thread can go on, and nothing outside could change that.
  TOPHASH_END_DEADLOCK,
  /// `step_limit` was reached.
  TOPHASH_END_STEPS,
  /// Something was used up: threads, objects.
  TOPHASH_END_LIMIT,
  /// No progress for `real_limit_ms`, for reasons beyond control.
  TOPHASH_END_STALLED,
  /// The program was about to become another one, which nobody would control.
  TOPHASH_END_REPLACED,
};

/// A thread at the end of a run.
struct tophash_thread_account {
  uint32_t state;       // enum tophash_thread_state
  uint32_t point;       // enum tophash_point: what it does next, or waits for
  uint32_t object;
  uint32_t steps;
  uint32_t creator;
  uint32_t is_pool;     // a worker of Dispatch or of the runtime
  uint64_t deadline;    // of its wait; 0 for none
  uint32_t holder;      // who has the lock that it waits for
  uint32_t frame_count;
  uint64_t frames[TOPHASH_FRAMES];
  char name[32];
};

enum tophash_thread_state {
  TOPHASH_THREAD_READY = 1,
  TOPHASH_THREAD_WAITING,
  TOPHASH_THREAD_OUTSIDE,
  TOPHASH_THREAD_ENDED,
};

/// A point that a thread passed. Only kept in detailed runs.
struct tophash_event {
  uint32_t thread;
  uint32_t point;
  uint32_t object;
  uint32_t own_step;
  uint64_t address;
  uint64_t time;         // virtual, in nanoseconds since the start
  uint32_t task;         // number of the Swift task, or 0
  uint32_t is_early;     // it had slept, and went before others that could go on
  uint32_t frame_count;
  uint32_t unused;
  char task_name[24];
  uint64_t frames[TOPHASH_FRAMES];
};

/// Two accesses to one variable that were open at one moment.
struct tophash_overlap_account {
  uint64_t address;
  uint32_t object;
  uint32_t first_thread, second_thread;
  uint32_t first_modifies, second_modifies;
  uint32_t step;
  uint64_t first_pc, second_pc;
};

#define TOPHASH_OVERLAPS 64
#define TOPHASH_SNAPSHOT_BYTES 8192

/// The memory that names a variable, as the probe keeps it. Detailed runs only.
struct tophash_named_object {
  uint64_t address;
  uint32_t object;
  uint32_t size;
  uint8_t snapshot[TOPHASH_SNAPSHOT_BYTES];
};

#define TOPHASH_NAMED_OBJECTS 128

/// What became of a run. Written by the program while it runs, so that a crash loses nothing.
struct tophash_account {
  uint32_t end;           // enum tophash_end
  uint32_t is_controlled; // the program reached `main` under control
  uint32_t steps;
  uint32_t thread_count;
  uint64_t hash;
  uint32_t choice_count;
  uint32_t drift;         // choices to follow that were not possible
  uint32_t external;      // waits that something outside of the program ended
  uint32_t lost;          // times that a thread blocked where nobody saw it coming
  uint32_t sliced;        // times that a thread was stopped on its way between two points
  int32_t lost_call;      // the last such system call
  uint32_t unmodelled;    // calls of functions that are not modelled
  uint32_t overlap_count;
  uint64_t time;          // virtual, in nanoseconds since the start
  uint32_t event_count;
  uint32_t named_count;
  uint32_t crash_signal;  // detailed runs: where it crashed
  uint32_t crash_thread;
  uint32_t crash_frame_count;
  uint32_t switches;
  uint32_t crossroads_count;
  uint32_t last_thread;   // that made a step
  uint64_t crash_frames[TOPHASH_FRAMES];
  // For the watchdog:
  uint32_t holder_tid;
  uint32_t is_idle;
  uint32_t child;         // process id
  int32_t wait_status;
  struct tophash_overlap_account overlaps[TOPHASH_OVERLAPS];
  struct tophash_thread_account threads[TOPHASH_THREADS];
  struct tophash_choice choices[TOPHASH_CHOICES];
};

#define TOPHASH_CROSSROADS 16384

// Threads beyond these are not kept where others could have gone on.
#define TOPHASH_CROSSROADS_THREADS 128

/// A point at which several threads could have gone on. Only kept on request.
struct tophash_crossroads {
  uint32_t thread;   // that came to it
  uint32_t own_step;
  uint32_t usual;    // who goes on in the plain order
  uint32_t unused;
  uint64_t others[TOPHASH_CROSSROADS_THREADS / 64];  // those that could go on, as bits
};

#define TOPHASH_LOCKED 8192

/// The mapped file.
struct tophash_schedule_file {
  uint32_t version;
  uint32_t size;
  // The program's locked instructions, as addresses in its file. Written before it starts.
  uint32_t locked_count;
  uint32_t unused;
  uint64_t locked[TOPHASH_LOCKED];
  struct tophash_order order;
  struct tophash_account account;
  struct tophash_crossroads crossroads[TOPHASH_CROSSROADS];
  struct tophash_event events[TOPHASH_EVENTS];
  struct tophash_named_object named[TOPHASH_NAMED_OBJECTS];
};

// Swift does not see arrays as long as these, so it asks for them.

static inline struct tophash_choice *tophash_file_order(struct tophash_schedule_file *file) {
  return file->order.choices;
}
static inline struct tophash_choice *tophash_file_choices(struct tophash_schedule_file *file) {
  return file->account.choices;
}
static inline struct tophash_overlap_account *tophash_file_overlaps(struct tophash_schedule_file *file) {
  return file->account.overlaps;
}
static inline struct tophash_thread_account *tophash_file_threads(struct tophash_schedule_file *file) {
  return file->account.threads;
}
static inline struct tophash_crossroads *tophash_file_crossroads(struct tophash_schedule_file *file) {
  return file->crossroads;
}
static inline struct tophash_event *tophash_file_events(struct tophash_schedule_file *file) {
  return file->events;
}
static inline struct tophash_named_object *tophash_file_named(struct tophash_schedule_file *file) {
  return file->named;
}
static inline uint64_t *tophash_file_locked(struct tophash_schedule_file *file) {
  return file->locked;
}
static inline const uint8_t *tophash_snapshot_of(const struct tophash_named_object *named) {
  return named->snapshot;
}

// MARK: Deciding

/// A thread that could go on.
struct tophash_candidate {
  uint32_t thread;
  uint32_t point;   // what it would do
  uint32_t object;
  bool is_stuck;    // it would find its lock taken: no policy lets it go before others
  bool is_asleep;   // it sleeps: never goes on in the plain order, but a policy may wake it
  uint64_t place;   // where in the program; only told where `tophash_policy_asks_place`
};

/// Whether the policy looks at what other threads are about to do.
bool tophash_policy_asks_pending(uint32_t policy);
/// Whether the policy looks at where threads are.
bool tophash_policy_asks_place(uint32_t policy);

struct tophash_scheduler {
  const struct tophash_order *order;
  struct tophash_account *account;
  struct tophash_crossroads *crossroads;  // where to keep them; may be NULL
  uint64_t random;
  uint32_t thread_count;
  uint32_t unbroken;   // steps since the last switch
  uint64_t floor;      // PCT: priorities that were lowered go down from here
  uint32_t change_at[16];
  uint64_t priority[TOPHASH_THREADS];
  bool starts_are_late;  // new threads wait until those before them cannot go on
  bool is_late[TOPHASH_THREADS];
  // Replay: each thread's next choice, and the one after each.
  uint32_t next_choice[TOPHASH_THREADS];
  uint32_t following[TOPHASH_CHOICES];
};

void tophash_scheduler_start(struct tophash_scheduler *scheduler, const struct tophash_order *order,
                             struct tophash_account *account,
                             struct tophash_crossroads *crossroads);

/// Tells of a new thread; they are numbered from 0.
void tophash_scheduler_add(struct tophash_scheduler *scheduler, uint32_t thread);

/// Says who goes on, and records it when it deviates from the default order.
///
/// `current` is the thread that ran until now, at its own step `own_step`; it is among the
/// candidates when it can go on. `candidates` are in the order of their numbers; at least one of
/// them is awake.
/// `is_free` is false at a point that offers no choice: then the default order decides, unless
/// `current` cannot go on. Complexity: O(candidates).
uint32_t tophash_scheduler_choose(struct tophash_scheduler *scheduler, uint32_t current,
                                  uint32_t own_step, bool is_free,
                                  const struct tophash_candidate *candidates, uint32_t count);

/// Tells that `thread` now does what it announced, and adds it to the hash of the run.
void tophash_scheduler_step(struct tophash_scheduler *scheduler, struct tophash_candidate step,
                            const struct tophash_candidate *pending, uint32_t count);

// MARK: Objects

#define TOPHASH_OBJECT_SLOTS 65536

/// Numbers for addresses, by order of appearance: the same in each run, wherever memory lies.
struct tophash_objects {
  uint32_t count;
  uint64_t addresses[TOPHASH_OBJECT_SLOTS];
  uint32_t numbers[TOPHASH_OBJECT_SLOTS];
};

/// The number of `address`, from 1. When the table is full, all further ones share 0.
uint32_t tophash_object(struct tophash_objects *objects, uint64_t address);

#endif
