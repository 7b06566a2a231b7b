// What Swift cannot say about jobs: whose they are, who gets them, and which schedule a
// process crashed in.
//
// Child tasks and actors can be told to use an executor, by `withTaskExecutorPreference`.
// `Task { }` cannot: its jobs go to the global executor. The runtime has a hook there, which
// this library takes; whatever is not wanted goes on to where it would have gone.

#ifndef TOPHASH_TASK_ORDER_H
#define TOPHASH_TASK_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tophash_schedule.h"

// MARK: Jobs

enum tophash_job_kind {
  TOPHASH_JOB_TASK = 0,             // the next part of a task
  TOPHASH_JOB_CONTINUATION = 195,   // resumes a task that has yielded or slept
};

/// What a job is, of the runtime's `JobKind`; kinds without a name here process an actor's queue.
uint8_t tophash_job_kind(void *job);

/// The number of the job's task, or a number of its own. Numbers grow and are never given twice.
uint64_t tophash_job_number(void *job);

/// Where a task goes on. Only while it is ready or about to be, and only for people: this reads
/// the runtime's object.
uint64_t tophash_task_resumes_at(void *task);

/// The mangled name of the program's function at `address`; NULL when it is none of its own, or
/// has none. Complexity: O(functions).
const char *tophash_function_name(uint64_t address);

/// The runtime's: a name as in the source, to be freed; NULL for what is no mangled name.
char *swift_demangle(const char *name, size_t length, char *into, size_t *size, uint32_t flags);

// MARK: Hooks

/// Takes the runtime's hook for jobs of the global executor; later calls do nothing. `take`
/// answers whether it keeps the job. (There is one for the main executor, too, which nobody calls
/// any more in Swift 6.3.)
void tophash_jobs_hook(bool (*take)(void *job));

/// Whatever the current thread was told to remember; NULL at first.
void *tophash_thread_run(void);
void tophash_thread_set_run(void *run);

// MARK: Memory of a run

// Swift does not see arrays as long as these, so it asks for them.

static inline struct tophash_choice *tophash_order_choices(struct tophash_order *order) {
  return order->choices;
}
static inline struct tophash_choice *tophash_account_choices(struct tophash_account *account) {
  return account->choices;
}

/// Forgets a run; long lists stay, as their counts are 0.
void tophash_account_clear(struct tophash_account *account);
void tophash_order_clear(struct tophash_order *order);

// MARK: Crashes

/// Where a crash of the current thread is told: as the deviations that its run has made so far.
/// NULL: nowhere. Handlers that were there before are called as well.
void tophash_crash_tells(const struct tophash_account *account);

#endif
