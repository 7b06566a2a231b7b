// What threads and tasks wait for.
//
// Locks and Dispatch are hooked by name, in their own files. Here is what these
// share, and two entry points of the runtime that are patched:
//
//   swift_task_enqueue   a task gets in line for an actor; it is through when it enters
//                        a thread
//   Mutex's slow path    the fast one is inlined, and does not wait

#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>

#include "tophash_facts.h"
#include "timeline.h"
#include "waits.h"

// Shorter than this, a call that may have waited or not has not.
#define LEAST_NS 1000

// MARK: Semaphores that begin at 0

// To wait for one is to wait for what has yet to happen, not for others to finish.
#define SIGNALS 1024
static uint64_t signals[SIGNALS];

static uint64_t *signal_at(const volatile void *semaphore) {
  return &signals[((uint64_t)semaphore >> 4) * 0x9E3779B97F4A7C15ull >> 54];
}

void tophash_wait_note_signal(const volatile void *semaphore, bool begins_at_zero) {
  if (tophash_process.waits == NULL || semaphore == NULL) return;
  uint64_t address = (uint64_t)semaphore, *signal = signal_at(semaphore);
  // Of two with one hash the later one wins; the other is called a semaphore then.
  if (begins_at_zero)
    __atomic_store_n(signal, address, __ATOMIC_RELAXED);
  else
    __atomic_compare_exchange_n(signal, &address, 0, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

uint32_t tophash_wait_kind_of(const volatile void *semaphore) {
  bool is_signal = __atomic_load_n(signal_at(semaphore), __ATOMIC_RELAXED) == (uint64_t)semaphore;
  return is_signal ? TOPHASH_WAIT_SIGNAL : TOPHASH_WAIT_SEMAPHORE;
}

// MARK: Threads that wait

/// Fills in what is only written down once for each place. `frame` is the hook's, as
/// far as there is a stack.
TOPHASH_COLD static void describe(uint32_t place, const volatile void *object,
                                  const uint64_t *frame, uint64_t context) {
  struct tophash_wait *wait = &tophash_process.waits->waits[place];
  struct tophash_interrupted before = tophash_cold_begin();
  wait->object = (uint64_t)object;
  bool is_queue = wait->kind == TOPHASH_WAIT_QUEUE || wait->kind == TOPHASH_WAIT_BARRIER;
  if (is_queue && tophash_runtime.queue_label != NULL) {
    const char *label = tophash_runtime.queue_label((void *)object);
    if (label != NULL) strncpy(wait->label, label, sizeof wait->label - 1);
  }
  if (frame != NULL) {
    wait->stack_pointer = (uint64_t)(frame + 2);
    wait->frame_pointer = frame[0];
    wait->stack_size =
        (uint32_t)tophash_memory_read(wait->stack_pointer, wait->stack, sizeof wait->stack);
  }
  wait->async_count =
      tophash_stack_walk_async(context, wait->async_frames, TOPHASH_WAIT_ASYNC_FRAMES);
  tophash_waits_complete(tophash_process.waits, place);
  tophash_cold_end(before);
}

struct tophash_turn tophash_turn_begin(uint32_t kind, const volatile void *object,
                                       const void *caller, const uint64_t *frame) {
  const struct tophash_waits *waits = tophash_process.waits;
  uint64_t frames[TOPHASH_WAIT_FRAMES], context;
  uint32_t count =
      tophash_stack_collect((uint64_t)caller, frame[0], frames, TOPHASH_WAIT_FRAMES, &context);
  bool is_new;
  uint32_t place = tophash_waits_place(waits, kind, frames, count,
                                       tophash_stack_digest((uint64_t)(frame + 2)), &is_new);
  if (is_new) describe(place, object, frame, context);
  uint64_t now = tophash_now_ns();
  // Threads have odd names here, and tasks even ones.
  uint32_t slot = tophash_waits_begin(waits, (uint64_t)&tophash_self | 1, place, now);
  return (struct tophash_turn){.kind = kind, .place = place, .slot = slot, .since_ns = now};
}

void tophash_turn_end(const struct tophash_turn *turn) {
  const struct tophash_waits *waits = tophash_process.waits;
  if (waits == NULL) return;  // begun before a fork
  uint64_t ns = tophash_now_ns() - turn->since_ns;
  tophash_waits_forget(waits, turn->slot);
  if (ns < LEAST_NS) return;
  tophash_waits_add(waits, turn->place, ns);
  if (tophash_timeline_is_on())
    tophash_timeline_note(TOPHASH_MOMENT_WAIT, turn->place, turn->since_ns, turn->since_ns + ns, 0);
}

// MARK: Tasks that wait for an actor, or for a thread

// Job in a task object: after the heap object's header and two words of the
// scheduler, flags with the kind of job in the lowest byte; further on, where the
// task goes on, and its context there.
#define JOB_FLAGS_OFFSET 32
#define TASK_ID_OFFSET 36
#define TASK_RESUME_OFFSET 56
#define JOB_IS_TASK 0

typedef void enqueue_function(void *job, void *executor, void *implementation);
static enqueue_function *enqueue_original;

/// A task gets in line. `actor` is NULL for the pool.
static void queued(const char *job, const uint64_t *actor) {
  const uint64_t *resume = (const uint64_t *)(job + TASK_RESUME_OFFSET);
  uint32_t kind = actor == NULL ? TOPHASH_WAIT_POOL : TOPHASH_WAIT_ACTOR;
  uint64_t metadata = actor == NULL ? 0 : *actor;
  bool is_new;
  // One function may wait for several actors.
  uint32_t place =
      tophash_waits_place(tophash_process.waits, kind, resume, 1, metadata, &is_new);
  if (is_new) {
    tophash_process.waits->waits[place].metadata = metadata;
    describe(place, actor, NULL, resume[1]);
  }
  uint64_t now = tophash_now_ns();
  tophash_waits_begin(tophash_process.waits, (uint64_t)job, place, now);
  if (tophash_timeline_is_on())
    tophash_timeline_note(TOPHASH_MOMENT_QUEUED, *(const uint32_t *)(job + TASK_ID_OFFSET), 0, now,
                          (uint16_t)place);
}

static void hook_enqueue(void *job, void *executor, void *implementation) {
  bool is_task = (*(const uint32_t *)((const char *)job + JOB_FLAGS_OFFSET) & 0xFF) == JOB_IS_TASK;
  // Before it is queued: afterwards it may run already.
  if (tophash_process.waits != NULL && is_task) queued(job, executor);
  enqueue_original(job, executor, implementation);
}

void tophash_wait_task_enters(uint64_t state) {
  uint64_t offset = tophash_task_state_offset();
  if (offset == 0) return;
  struct tophash_waiting was = tophash_waits_take(tophash_process.waits, state - offset);
  if (was.wait == TOPHASH_NO_WAIT) return;
  uint64_t now = tophash_now_ns();
  tophash_waits_add(tophash_process.waits, (uint32_t)was.wait, now - was.since_ns);
  if (tophash_timeline_is_on())
    tophash_timeline_note(TOPHASH_MOMENT_THROUGH, tophash_task_current_id(state), was.since_ns, now,
                          (uint16_t)was.wait);
}

// MARK: Mutex

typedef __attribute__((swiftcall)) void lock_slow_function(
    uint32_t thread, __attribute__((swift_context)) void *handle);
static lock_slow_function *lock_slow_original;

static __attribute__((swiftcall)) void hook_lock_slow(uint32_t thread,
                                                      __attribute__((swift_context)) void *handle) {
  const void *caller = __builtin_return_address(0);
  if (!tophash_waits_see(caller)) return lock_slow_original(thread, handle);
  struct tophash_turn turn =
      tophash_turn_begin(TOPHASH_WAIT_MUTEX, handle, caller, TOPHASH_FRAME());
  lock_slow_original(thread, handle);
  tophash_turn_end(&turn);
}

// MARK: Start

static void *patched(const char *name, void *hook) {
  void *entry = dlsym(RTLD_DEFAULT, name);
  return entry == NULL ? NULL : tophash_patch_entry(entry, hook);
}

void tophash_waits_hook(bool may_patch) {
  tophash_note_images();
  if (!may_patch) return;
  enqueue_original = (enqueue_function *)patched("swift_task_enqueue", (void *)hook_enqueue);
  tophash_process.waits->header->sees_actors = enqueue_original != NULL;
  lock_slow_original = (lock_slow_function *)patched(
      "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF", (void *)hook_lock_slow);
}
