#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "tophash_task_order.h"

#define SWIFT_CALL __attribute__((swiftcall))

typedef SWIFT_CALL void (*enqueue_function)(void *job);
typedef SWIFT_CALL void (*enqueue_hook)(void *job, enqueue_function original);

extern enqueue_hook swift_task_enqueueGlobal_hook;
extern SWIFT_CALL uintptr_t swift_task_getJobFlags(void *job);
extern SWIFT_CALL uint64_t swift_task_getJobTaskId(void *job);

uint8_t tophash_job_kind(void *job) { return (uint8_t)swift_task_getJobFlags(job); }

uint64_t tophash_job_number(void *job) { return swift_task_getJobTaskId(job); }

// Job::ResumeTask: behind the header of the object, two words of the scheduler, flags and number,
// and two words more.
#define RESUME_OFFSET 56

uint64_t tophash_task_resumes_at(void *task) {
  uint64_t address;
  memcpy(&address, (const char *)task + RESUME_OFFSET, sizeof address);
  return address;
}

// MARK: The hook

static enqueue_hook earlier;
static bool (*taker)(void *job);

static SWIFT_CALL void enqueue(void *job, enqueue_function original) {
  if (taker(job)) return;
  if (earlier != NULL) return earlier(job, original);
  original(job);
}

void tophash_jobs_hook(bool (*take)(void *job)) {
  static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&lock);
  if (taker == NULL) {
    earlier = swift_task_enqueueGlobal_hook;
    taker = take;
    // Release: who sees the hook sees what it needs. The runtime reads it as a plain pointer,
    // and what follows depends on that.
    __atomic_store_n(&swift_task_enqueueGlobal_hook, enqueue, __ATOMIC_RELEASE);
  }
  pthread_mutex_unlock(&lock);
}

static _Thread_local void *thread_run;

void *tophash_thread_run(void) { return thread_run; }

void tophash_thread_set_run(void *run) { thread_run = run; }

void tophash_account_clear(struct tophash_account *account) {
  memset(account, 0, offsetof(struct tophash_account, overlaps));
}

void tophash_order_clear(struct tophash_order *order) {
  memset(order, 0, offsetof(struct tophash_order, choices));
}
