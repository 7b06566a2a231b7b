// What happened when: events of this thread, and what it does now.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "strands.h"
#include "timeline.h"

// MARK: Events

// Where this thread writes. Not the number that it has for its accesses: these need
// not be watched.
static __thread struct {
  uint32_t tid;  // 0 until its first event
  uint32_t index;
} lane __attribute__((tls_model("initial-exec")));

static uint32_t lane_of_self(uint32_t *tid) {
  if (tophash_unlikely(lane.tid == 0)) {
    static uint32_t count;
    lane.index = __atomic_fetch_add(&count, 1, __ATOMIC_RELAXED) % TOPHASH_LANES;
    lane.tid = (uint32_t)syscall(SYS_gettid);
  }
  *tid = lane.tid;
  return lane.index;
}

void tophash_timeline_note(uint16_t kind, uint64_t what, uint64_t since_ns, uint64_t now_ns,
                           uint16_t more) {
  const struct tophash_timeline *timeline = tophash_process.timeline;
  struct tophash_moment event = {.what = what, .since_ns = since_ns, .kind = kind, .more = more};
  uint32_t index = lane_of_self(&event.tid);
  event.time_ns = now_ns != 0 ? now_ns : tophash_now_ns();
  tophash_timeline_record(timeline, index, &event);
}

// MARK: Tasks

/// What an executor is; 0 for the pool.
static uint64_t type_of(const void *executor) {
  return executor == NULL ? 0 : *(const uint64_t *)executor;
}

static uint64_t type_of_current_executor(void) {
  return tophash_runtime.current_executor == NULL
             ? 0
             : type_of(tophash_runtime.current_executor().identity);
}

void tophash_timeline_task(uint64_t state, bool enters) {
  uint32_t tid, index = lane_of_self(&tid);
  uint32_t task = (uint32_t)tophash_task_current_id(state);
  uint64_t now = tophash_now_ns();
  struct tophash_lane *mine = &tophash_process.timeline->lanes[index];
  // Relaxed: the tool shows them once, and looks again.
  __atomic_store_n(&mine->tid, tid, __ATOMIC_RELAXED);
  __atomic_store_n(&mine->since_ns, now, __ATOMIC_RELAXED);
  __atomic_store_n(&mine->waiter, (uint64_t)&tophash_self | 1, __ATOMIC_RELAXED);
  if (enters) __atomic_store_n(&mine->executor, type_of_current_executor(), __ATOMIC_RELAXED);
  __atomic_store_n(&mine->task, enters ? task : 0, __ATOMIC_RELAXED);
  tophash_timeline_note(enters ? TOPHASH_MOMENT_TASK_ENTER : TOPHASH_MOMENT_TASK_LEAVE, task, 0, now,
                        0);
}

// The runtime has a task go on with another executor on the same thread, if it may.
typedef __attribute__((swiftasynccall)) void switch_function(
    __attribute__((swift_async_context)) void *context, void *resume, void *executor,
    void *implementation);
static switch_function *switch_original;

static __attribute__((swiftasynccall)) void hook_switch(
    __attribute__((swift_async_context)) void *context, void *resume, void *executor,
    void *implementation) {
  if (tophash_timeline_is_on() && lane.tid != 0) {
    struct tophash_lane *mine = &tophash_process.timeline->lanes[lane.index];
    __atomic_store_n(&mine->executor, type_of(executor), __ATOMIC_RELAXED);
  }
  TOPHASH_JUMP switch_original(context, resume, executor, implementation);
}

void tophash_timeline_hook(bool may_patch) {
  void *entry = may_patch ? dlsym(RTLD_DEFAULT, "swift_task_switch") : NULL;
  if (entry != NULL)
    switch_original = (switch_function *)tophash_patch_entry(entry, (void *)hook_switch);
}

// MARK: Work items

uint16_t tophash_timeline_queue(void *queue) {
  const char *label = queue != NULL && tophash_runtime.queue_label != NULL
                          ? tophash_runtime.queue_label(queue)
                          : NULL;
  if (label == NULL || label[0] == 0) label = "(no label)";
  return tophash_timeline_intern(tophash_process.timeline, label, strlen(label));
}

uint64_t tophash_timeline_submit(uint16_t label) {
  static uint64_t count;
  uint64_t number = __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED);
  tophash_timeline_note(TOPHASH_MOMENT_ITEM_SUBMIT, number, 0, 0, label);
  return number;
}

// MARK: Regions of the program's own

/// The task that runs on this thread; 0: none.
static uint64_t current_task(void) {
  if (tophash_self.owner == 0 || (tophash_self.owner & 1)) return 0;
  return tophash_task_current_id(tophash_owner_identity(tophash_self.owner));
}

static void mark(uint16_t kind, const char *text, size_t length) {
  if (!tophash_timeline_is_on()) return;
  uint16_t string = tophash_timeline_intern(tophash_process.timeline, text, length);
  tophash_timeline_note(kind, current_task(), 0, 0, string);
}

// Looked up by name, by the library that programs link: without the probe there is
// nothing to be found, and marks cost a branch.
TOPHASH_EXPORT void tophash_mark_begin(const char *text, size_t length) {
  mark(TOPHASH_MOMENT_REGION_BEGIN, text, length);
}
TOPHASH_EXPORT void tophash_mark_end(const char *text, size_t length) {
  mark(TOPHASH_MOMENT_REGION_END, text, length);
}
// A region with a number may end on another thread, and in another task. 0: not recorded.
TOPHASH_EXPORT uint64_t tophash_mark_open(const char *text, size_t length) {
  if (!tophash_timeline_is_on()) return 0;
  static uint64_t count;
  uint64_t number = __atomic_add_fetch(&count, 1, __ATOMIC_RELAXED);
  tophash_timeline_note(TOPHASH_MOMENT_REGION_OPEN, number, current_task(), 0,
                        tophash_timeline_intern(tophash_process.timeline, text, length));
  return number;
}
TOPHASH_EXPORT void tophash_mark_close(uint64_t number) {
  if (number != 0 && tophash_timeline_is_on())
    tophash_timeline_note(TOPHASH_MOMENT_REGION_CLOSE, number, current_task(), 0, 0);
}
TOPHASH_EXPORT void tophash_mark_log(const char *text, size_t length) {
  mark(TOPHASH_MOMENT_LOG, text, length);
}
TOPHASH_EXPORT void tophash_mark_count(const char *text, size_t length, double value) {
  if (!tophash_timeline_is_on()) return;
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  tophash_timeline_note(TOPHASH_MOMENT_COUNT, bits, 0, 0,
                        tophash_timeline_intern(tophash_process.timeline, text, length));
}
