// Swift concurrency: every job of the global executor runs on a thread of this library's own,
// so that tasks interleave wherever threads would, and not only where they await.

#include "tophash_explore.h"

#include <dlfcn.h>
#include <signal.h>
#include <string.h>

// The calling convention of Swift; only its plain registers are used here.
#define SWIFT_CALL __attribute__((swiftcall))

typedef SWIFT_CALL void (*enqueue_function)(void *job);
typedef SWIFT_CALL void (*enqueue_hook)(void *job, enqueue_function original);
// A job, and the executor that it runs on: two words, both 0 for the global one.
typedef SWIFT_CALL void (*run_function)(void *job, void *identity, uintptr_t implementation);

static run_function run_job;
static void *(*current_task)(void);
static const char *(*current_task_name)(void);

// MARK: Threads for jobs

/// Threads beyond this are not made: jobs wait until one is free.
#define WORKERS_MAX 64
#define JOBS_MAX 65536

static struct worker {
  struct tophash_thread *thread;
  void *job;  // NULL: idle
} workers[WORKERS_MAX];
static uint32_t worker_count;

// Jobs that wait for a thread, first come first served.
static void *jobs[JOBS_MAX];
static uint32_t jobs_in, jobs_out;

/// As Dispatch does for its workers: signals are for the program's own threads.
static void block_signals(void) {
  static const int own[] = {SIGILL, SIGTRAP, SIGFPE, SIGBUS, SIGSEGV, SIGSYS, SIGPIPE, SIGABRT};
  sigset_t all;
  sigfillset(&all);
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&all, own[i]);
  // The watchdog's is for whoever has the baton.
  sigdelset(&all, TOPHASH_WATCHDOG_SIGNAL);
  pthread_sigmask(SIG_BLOCK, &all, NULL);
}

static void *work(void *argument) {
  struct worker *worker = argument;
  struct tophash_site site = {.frame = __builtin_frame_address(0)};
  block_signals();
  for (;;) {
    run_job(worker->job, NULL, 0);
    struct tophash_thread *self = tophash_enter();
    worker->job = jobs_out != jobs_in ? jobs[jobs_out++ % JOBS_MAX] : NULL;
    if (worker->job == NULL) tophash_wait(self, TOPHASH_POINT_IDLE, worker, 0, site);
    tophash_leave(self);
  }
  return NULL;
}

/// In place of the global executor: gives the job to a thread that is idle, or to a new one.
static SWIFT_CALL void enqueue(void *job, enqueue_function original) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return original(job);
  struct worker *idle = NULL;
  for (uint32_t i = 0; i < worker_count && idle == NULL; i++)
    if (workers[i].job == NULL) idle = &workers[i];
  if (idle != NULL) {
    idle->job = job;
    idle->thread->point = TOPHASH_POINT_JOB;
    idle->thread->object = 0;
    tophash_wake(idle, 1, UINT32_MAX);
  } else if (worker_count < WORKERS_MAX) {
    idle = &workers[worker_count++];
    idle->job = job;
    idle->thread = tophash_thread_make(work, idle);
  } else if (jobs_in - jobs_out < JOBS_MAX) {
    jobs[jobs_in++ % JOBS_MAX] = job;
  } else {
    tophash_finish(TOPHASH_END_LIMIT);
  }
  tophash_leave(self);
}

void tophash_jobs_begin(void) {
  // Looked up by name: a program without concurrency has none of these.
  enqueue_hook *hook = dlsym(RTLD_DEFAULT, "swift_task_enqueueGlobal_hook");
  run_job = (run_function)dlsym(RTLD_DEFAULT, "swift_job_run");
  current_task = (void *(*)(void))dlsym(RTLD_DEFAULT, "swift_task_getCurrent");
  current_task_name = (const char *(*)(void))dlsym(RTLD_DEFAULT, "swift_task_getCurrentTaskName");
  if (hook != NULL && *hook == NULL && run_job != NULL) *hook = enqueue;
}

// Job::Id in a task object: after the heap object's header, two words of the scheduler and the
// job's flags.
#define TASK_ID_OFFSET 36

uint32_t tophash_current_task(char *name, size_t capacity) {
  const char *task = current_task != NULL ? current_task() : NULL;
  if (task == NULL) return 0;
  const char *given = current_task_name != NULL ? current_task_name() : NULL;
  if (given != NULL) strncpy(name, given, capacity - 1);
  uint32_t number;
  memcpy(&number, task + TASK_ID_OFFSET, sizeof number);
  return number;
}
