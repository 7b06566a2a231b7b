// The preloaded schedule controller: what its parts share.
//
// Loaded into a program by `tophash explore`, it lets one thread run at a time and
// asks CTophashSchedule which one. Reading order:
//
//   server/server.c     the fork server in front of `main`: one child for each schedule
//   server/watchdog.c   notices a child that blocks or spins where nobody sees it
//   server/crash.c      where a child crashed
//   baton/baton.c       points, waiting, waking: who runs
//   baton/idle.c        when nobody can run: descriptors, virtual time, deadlock
//   baton/sleepers.c    who sleeps may be let in before those who can go on
//   baton/threads.c     the table of threads; how they start and end
//   baton/images.c      whose code calls
//   models/             what threads wait for: locks, conditions, semaphores, futexes, time, ...
//   sources/            where points come from beside the models: accesses, Dispatch, tasks,
//                       locked instructions
//
// All of the state below belongs to whoever holds the baton, so it needs no lock. What others
// may touch as well says so.

#ifndef TOPHASH_EXPLORE_H
#define TOPHASH_EXPLORE_H

#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "tophash_schedule.h"

#define TOPHASH_EXPORT __attribute__((visibility("default")))
#define TOPHASH_COLD __attribute__((noinline, cold))
#define tophash_unlikely(x) __builtin_expect(!!(x), 0)
#define tophash_likely(x) __builtin_expect(!!(x), 1)

// MARK: Threads

struct tophash_thread {
  uint32_t id;
  uint32_t state;      // enum tophash_thread_state; a thread outside changes its own
  uint32_t turn;       // futex word: 1 hands the baton to this thread
  uint32_t tid;
  uint32_t point;      // what it is about to do or waits for
  uint32_t object;
  uint64_t address;
  uint32_t steps;      // its own points and waits
  bool inside;         // runs code of this library; also read by its own signal handler
  bool timed_out;
  bool is_early;       // it was let in out of its sleep, and has made no step since
  bool is_pool;        // a worker of Dispatch or of the runtime
  bool is_detached;
  bool is_handling;    // runs a signal handler
  uint32_t asks;       // enum tophash_asks: what of the outside it waits for, beside descriptors
  uint32_t interrupted;      // enum tophash_interruption: what became of its wait
  uint64_t blocked;    // its signal mask
  uint64_t awaited_signals;  // TOPHASH_ASKS_SIGNAL
  int child_type;      // TOPHASH_ASKS_CHILD: as for `waitid`
  uint32_t child;
  int child_options;
  uint64_t deadline;   // virtual time; 0 for none
  uint64_t since;      // when it began to wait, for first come first served
  struct pollfd *descriptors;  // that it waits for
  uint32_t descriptor_count;
  uint32_t futex_bits;
  void **frame;        // where it waits
  void **outer;        // the call of Dispatch that it is in, or NULL
  pthread_t handle;
  bool has_handle;
  uint32_t creator;
  uint32_t exit_round;
  void *(*start)(void *);
  void *argument;
  const pthread_mutex_t *wanted;  // that it is about to lock, or NULL
  uint64_t place;      // where in the program; only kept for policies that ask
  uint64_t pc;         // where it is, when its stack does not tell; otherwise 0
  char name[32];
};

extern __thread struct tophash_thread *tophash_self __attribute__((tls_model("initial-exec")));

/// A run: everything that starts anew in each child.
struct tophash_run {
  struct tophash_schedule_file *file;
  struct tophash_scheduler scheduler;
  struct tophash_objects objects;
  struct tophash_thread threads[TOPHASH_THREADS];
  uint32_t thread_count;
  uint64_t waits;      // so many began so far
  uint32_t exiting;    // a thread that has ended but is still on its way out
  uint32_t waiters;    // threads that wait for descriptors
  uint32_t looks;      // of Dispatch at its workers, since the program last did anything
  uint64_t held_up;    // virtual time that passed while somebody could go on
  const struct tophash_thread *let_in;  // out of its sleep, and nobody else has made a step since
  int process;         // the controlled one
  uint32_t limit_from; // the step from which the limit of steps counts
};

extern struct tophash_run tophash_run;
/// This process is a child of the server and past `main`'s beginning.
extern bool tophash_is_controlled;

/// This thread when it is under control and not inside this library, with the baton in its
/// hand; otherwise NULL, and the caller goes on to the original.
struct tophash_thread *tophash_enter(void);

static inline void tophash_leave(struct tophash_thread *self) {
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  self->inside = false;
}

void tophash_threads_begin(void);
struct tophash_thread *tophash_thread_of(pthread_t handle);
struct tophash_thread *tophash_thread_of_tid(uint32_t tid);
/// Starts a thread of this library's own under control.
struct tophash_thread *tophash_thread_make(void *(*start)(void *), void *argument);

// MARK: The baton

/// A place in the program: whose code it is, where its stack begins, and an address in front of
/// the stack's where that does not tell the place; otherwise 0.
struct tophash_site {
  void **frame;
  bool is_own;
  uint64_t pc;
};

bool tophash_is_own(const void *caller);
/// The same, where also code of Foundation is none of the program's.
bool tophash_is_program(const void *caller);
void tophash_images_find(void);

/// The site of the hook that uses it.
#define TOPHASH_SITE                            \
  (struct tophash_site) {                       \
    .frame = __builtin_frame_address(0),        \
    .is_own = tophash_is_own(__builtin_return_address(0)) \
  }

/// A point: others may go first. Comes back when `self` has been chosen.
void tophash_point(struct tophash_thread *self, enum tophash_point point, const volatile void *object,
                   struct tophash_site site);

/// Waits until somebody wakes those who wait at `object`, or until `deadline` (0: for ever) has
/// come; true when it was the deadline. A signal ends some waits: `self->interrupted` tells.
bool tophash_wait(struct tophash_thread *self, enum tophash_point point, const volatile void *object,
                  uint64_t deadline, struct tophash_site site);

/// Whether `thread` could take the baton.
bool tophash_is_ready(const struct tophash_thread *thread);

/// Lets up to `count` of those who wait at `object` go on, first come first served.
uint32_t tophash_wake(const volatile void *object, uint32_t count, uint32_t futex_bits);

/// Waits for descriptors (`poll`'s). True when the deadline came first.
bool tophash_wait_descriptors(struct tophash_thread *self, struct pollfd *descriptors,
                              uint32_t count, uint64_t deadline, struct tophash_site site);

/// Wakes those whose descriptors became ready; to be called after whatever may have done that.
void tophash_check_descriptors(void);

/// This thread's end: the baton goes on, and never comes back.
void tophash_end_thread(struct tophash_thread *self);

/// Waits for this thread's turn.
void tophash_await_turn(struct tophash_thread *self);

/// Gives the baton away without waiting; false when there is nobody to take it.
bool tophash_give_away(struct tophash_thread *self, bool stays_ready);

/// Leaves a description of every thread, for the tool.
void tophash_describe_threads(void);

/// Ends the run.
_Noreturn void tophash_finish(enum tophash_end end);

/// Finds somebody to run, or ends the run. Called when nobody is ready.
void tophash_idle(struct tophash_thread *self);
/// The earliest time at which something ends a wait; 0 when there is none.
uint64_t tophash_earliest_deadline(void);
/// Moves virtual time to the earliest deadline; false when there is none.
bool tophash_pass_time(void);

/// Who may be let in out of its sleep now; NULL for nobody.
struct tophash_thread *tophash_sleeper(void);
/// Lets time pass until it wakes; false when it does not after all.
bool tophash_let_in(struct tophash_thread *sleeper);

// MARK: Signals

enum tophash_interruption {
  TOPHASH_GOES_ON,
  TOPHASH_RESTARTS,     // a handler has run; calls begin anew
  TOPHASH_INTERRUPTED,  // a handler has run; calls fail with EINTR
};

/// Whether a handler is to run in `thread` as soon as it has the baton.
bool tophash_has_signal(const struct tophash_thread *thread);
/// Runs those handlers. To be called by whoever has the baton.
void tophash_take_signals(struct tophash_thread *self);
void tophash_signals_note_mask(struct tophash_thread *self);
/// Another mask for one call (NULL: the same), as `sigsuspend` and `ppoll` ask for; the mask from
/// before. What comes through is handled, and noted in `self->interrupted`.
uint64_t tophash_signals_replace_mask(struct tophash_thread *self, const sigset_t *mask);
void tophash_signals_restore_mask(struct tophash_thread *self, uint64_t before);
/// Whether the program has handlers, which anybody outside may make run.
bool tophash_has_handlers(void);
/// Sends it to this process.
void tophash_signal_process(int signal);

// MARK: The outside

enum tophash_asks {
  TOPHASH_ASKS_NOTHING,
  TOPHASH_ASKS_CHILD,    // for the end of a child
  TOPHASH_ASKS_SIGNAL,   // for a signal that the kernel keeps
  TOPHASH_ASKS_HANDLER,  // for a signal that has a handler
};

/// Whether there is what `thread` asks for.
bool tophash_has_come(const struct tophash_thread *thread);
bool tophash_signal_is_kept(const struct tophash_thread *thread);
bool tophash_child_has_ended(const struct tophash_thread *thread);

/// What somebody outside of the program may do.
enum tophash_outside {
  TOPHASH_OUTSIDE_NOTHING,
  TOPHASH_OUTSIDE_UNDERWAY,  // but the kernel may still be at what a thread has sent
  TOPHASH_OUTSIDE_POSSIBLE,  // it could, and nothing says that it will
  TOPHASH_OUTSIDE_EXPECTED,  // somebody is there: a child that runs, another host
};

enum tophash_outside tophash_outside_of(int descriptor);
enum tophash_outside tophash_outside_of_children(void);
/// Others may have what this process has opened.
bool tophash_has_spawned(void);
void tophash_note_fork(void);

// MARK: Time

/// Virtual time, in nanoseconds since the start of the run; never 0.
uint64_t tophash_now(void);
/// A time on `clock` as virtual time; 0 for none.
uint64_t tophash_deadline_at(clockid_t clock, const struct timespec *time);
uint64_t tophash_deadline_in(const struct timespec *duration);
/// How rarely Dispatch looks at its own workers, in nanoseconds: longer than any other timer.
#define TOPHASH_MONITOR_INTERVAL 1000000000000000ull
uint64_t tophash_timer_next(void);
/// Whether one of the descriptors is, or has in its set, a timer that expires at that time.
bool tophash_timer_is_awaited(const struct pollfd *descriptors, uint32_t count, uint64_t deadline);
/// `descriptor` may be a timer; it was put into a set, or taken out of it (-1).
void tophash_timer_note_set(int descriptor, int set);
void tophash_timer_close(int descriptor);
void tophash_timer_expire(uint64_t now);
/// The same for the timers whose end is a signal.
uint64_t tophash_alarm_next(void);
void tophash_alarm_expire(uint64_t now);

// MARK: Descriptors

/// What a new descriptor is: one that only this process can make ready; one end of a pair; a
/// socket; a set of epoll.
void tophash_note_inner_descriptor(int descriptor);
void tophash_note_pair(int descriptor);
void tophash_note_socket(int descriptor);
void tophash_note_set(int descriptor);
void tophash_note_member(int set, int operation, int descriptor);
void tophash_note_closed(int descriptor);
/// A socket that this program has connected; and whether the other end of a socket is, or was, one.
void tophash_note_client(int descriptor);
bool tophash_was_client(int descriptor);

// MARK: Accesses

void tophash_access_note_lock(struct tophash_thread *self, const volatile void *lock,
                              const void *caller);

// MARK: Tasks

/// The number of the Swift task that runs on this thread, or 0; copies its name.
uint32_t tophash_current_task(char *name, size_t capacity);

// MARK: Stacks

/// The return addresses from `frame` on.
uint32_t tophash_walk(void **frame, uint64_t *frames, uint32_t capacity);

// MARK: Start

void tophash_jobs_begin(void);
/// In the server: what is patched is patched in all children.
void tophash_atomics_begin(void);
void tophash_crash_begin(void);
#define TOPHASH_WATCHDOG_SIGNAL (SIGRTMAX - 1)
void tophash_watchdog_begin(void);
/// Watches `child` until it has ended; its wait status.
int tophash_watch(int child, struct tophash_schedule_file *file);

// MARK: Originals

/// Declares `name##_real`, which finds the original function when it is first needed.
#define TOPHASH_REAL(result, name, parameters)                                          \
  static result(*name##_found) parameters;                                              \
  static __attribute__((noinline, cold)) void name##_find(void) {                       \
    __atomic_store_n(&name##_found, (result(*) parameters)tophash_original(#name),      \
                     __ATOMIC_RELAXED);                                                 \
  }                                                                                     \
  static inline result(*name##_real(void)) parameters {                                 \
    if (tophash_unlikely(__atomic_load_n(&name##_found, __ATOMIC_RELAXED) == NULL)) name##_find(); \
    return __atomic_load_n(&name##_found, __ATOMIC_RELAXED);                            \
  }

void *tophash_original(const char *name);

/// A system call that no hook sees; the kernel's answer, negative for an error.
long tophash_call(long number, long a, long b, long c, long d, long e, long f);

#endif
