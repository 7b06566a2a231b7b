// Which task runs on this thread.
//
// The runtime calls these two when a task starts or resumes on a thread and
// when it leaves it, with a pointer into the task: a unique identity for as
// long as the task lives, for free.

#include <string.h>

#include "tophash_facts.h"
#include "strands.h"
#include "timeline.h"
#include "waits.h"
#include "tophash_probe.h"

// Where the pointer lies in the task object; learned from the first task seen.
static uint64_t state_offset;
// What the first word of a task object is.
static uint64_t task_metadata;

// Job::Id in a task object: after the heap object's header, two words of the
// scheduler and the job's flags.
#define TASK_ID_OFFSET 36

static void learn_state_offset(uint64_t state) {
  if (tophash_runtime.current_task == NULL) return;
  uint64_t task = (uint64_t)tophash_runtime.current_task();
  if (task == 0 || state <= task || state - task >= 4096) return;
  __atomic_store_n(&task_metadata, *(const uint64_t *)task, __ATOMIC_RELAXED);
  __atomic_store_n(&state_offset, state - task, __ATOMIC_RELAXED);
}

TOPHASH_EXPORT __attribute__((noinline)) void swift_task_enterThreadLocalContext(char *state) {
  struct tophash_thread *self = &tophash_self;
  if (tophash_unlikely(self->counters == NULL) && tophash_process.watching) tophash_thread_attach();
  self->owner = ((uint64_t)state & TOPHASH_IDENTITY_MASK) | (uint64_t)self->index << 48;
  tophash_runtime.enter_task(state);
  if (tophash_unlikely(__atomic_load_n(&state_offset, __ATOMIC_RELAXED) == 0))
    learn_state_offset((uint64_t)state);
  if (self->counters != NULL) self->counters->tasks_entered++;
  if (tophash_process.has_clocks) tophash_strand_enter_task((uint64_t)state);
  if (tophash_unlikely(tophash_process.waits != NULL)) tophash_wait_task_enters((uint64_t)state);
  if (tophash_timeline_is_on()) tophash_timeline_task((uint64_t)state, true);
}

TOPHASH_EXPORT __attribute__((noinline)) void swift_task_exitThreadLocalContext(char *state) {
  struct tophash_thread *self = &tophash_self;
  if (tophash_timeline_is_on()) tophash_timeline_task((uint64_t)state, false);
  if (tophash_process.has_clocks) tophash_strand_leave_task((uint64_t)state);
  self->owner = self->counters != NULL ? tophash_thread_owner() : 0;
  tophash_runtime.exit_task(state);
}

uint64_t tophash_task_id(tophash_owner owner) {
  uint64_t offset = __atomic_load_n(&state_offset, __ATOMIC_RELAXED);
  uint64_t state = tophash_owner_identity(owner);
  if ((owner & 1) || offset == 0) return 0;
  uint32_t id = 0;
  if (tophash_memory_read(state - offset + TASK_ID_OFFSET, &id, sizeof id) != sizeof id) return 0;
  return id;
}

uint64_t tophash_task_state_offset(void) { return __atomic_load_n(&state_offset, __ATOMIC_RELAXED); }

bool tophash_is_task(const void *object) {
  return *(const uint64_t *)object == __atomic_load_n(&task_metadata, __ATOMIC_RELAXED);
}

uint64_t tophash_task_current_id(uint64_t state) {
  uint64_t offset = tophash_task_state_offset();
  return offset == 0 ? 0 : *(const uint32_t *)(state - offset + TASK_ID_OFFSET);
}

/// Copies a C string whose end nobody vouches for.
static void copy_string(char *into, size_t capacity, const char *string) {
  memset(into, 0, capacity);
  if (string == NULL) return;
  size_t length = tophash_memory_read((uint64_t)string, into, capacity - 1);
  into[length] = 0;
}

void tophash_task_describe(struct tophash_side *side) {
  if (side->flags & TOPHASH_SIDE_TASK && tophash_runtime.current_task_name != NULL)
    copy_string(side->task_name, sizeof side->task_name, tophash_runtime.current_task_name());
  if (tophash_runtime.queue_label != NULL)
    copy_string(side->queue_label, sizeof side->queue_label, tophash_runtime.queue_label(NULL));
}
