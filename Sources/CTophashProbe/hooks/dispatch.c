// What Dispatch orders, seen at its API.
//
//   a serial queue      each item after the one before
//   a concurrent queue  items after the last barrier, barriers after all items
//   a queue's target    as if the item had been submitted there as well
//   submission          before the item; the item before whoever waits for it
//
// Every item is a strand of its own, whichever thread runs it. What the queues do
// inside (their own semaphores and atomics) does not matter.
//
// An item that was created by `dispatch_block_create` (a DispatchWorkItem) has to
// be handed to Dispatch as it is; so the block within is wrapped when it is made.
//
// Memory: one record per submission, from the program's allocator, as Dispatch
// itself takes one.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "timeline.h"
#include "waits.h"

typedef void *queue_t;
typedef void (*function_t)(void *context);

// MARK: The originals

#define ORIGINAL(result, name, parameters)                                      \
  static result(*name##_original) parameters;                                   \
  static inline result(*name##_find(void)) parameters {                         \
    result(*found) parameters = __atomic_load_n(&name##_original, __ATOMIC_RELAXED); \
    if (tophash_unlikely(found == NULL)) {                                      \
      found = (result(*) parameters)dlsym(RTLD_NEXT, #name);                    \
      __atomic_store_n(&name##_original, found, __ATOMIC_RELAXED);              \
    }                                                                           \
    return found;                                                               \
  }

ORIGINAL(queue_t, dispatch_queue_create, (const char *, void *))
ORIGINAL(queue_t, dispatch_queue_create_with_target, (const char *, void *, queue_t))
ORIGINAL(queue_t, dispatch_get_global_queue, (intptr_t, uintptr_t))
ORIGINAL(queue_t, dispatch_get_current_queue, (void))
ORIGINAL(void, dispatch_release, (void *))
ORIGINAL(void, dispatch_async, (queue_t, void *))
ORIGINAL(void, dispatch_async_f, (queue_t, void *, function_t))
ORIGINAL(void, dispatch_barrier_async, (queue_t, void *))
ORIGINAL(void, dispatch_barrier_async_f, (queue_t, void *, function_t))
ORIGINAL(void, dispatch_sync, (queue_t, void *))
ORIGINAL(void, dispatch_sync_f, (queue_t, void *, function_t))
ORIGINAL(void, dispatch_barrier_sync, (queue_t, void *))
ORIGINAL(void, dispatch_barrier_sync_f, (queue_t, void *, function_t))
ORIGINAL(void, dispatch_async_and_wait, (queue_t, void *))
ORIGINAL(void, dispatch_async_and_wait_f, (queue_t, void *, function_t))
ORIGINAL(void, dispatch_barrier_async_and_wait, (queue_t, void *))
ORIGINAL(void, dispatch_barrier_async_and_wait_f, (queue_t, void *, function_t))
ORIGINAL(void, dispatch_after, (uint64_t, queue_t, void *))
ORIGINAL(void, dispatch_after_f, (uint64_t, queue_t, void *, function_t))
ORIGINAL(void, dispatch_apply, (size_t, queue_t, void *))
ORIGINAL(void, dispatch_apply_f, (size_t, queue_t, void *, void (*)(void *, size_t)))
ORIGINAL(void *, dispatch_group_create, (void))
ORIGINAL(void, dispatch_group_async, (void *, queue_t, void *))
ORIGINAL(void, dispatch_group_async_f, (void *, queue_t, void *, function_t))
ORIGINAL(void, dispatch_group_notify, (void *, queue_t, void *))
ORIGINAL(void, dispatch_group_notify_f, (void *, queue_t, void *, function_t))
ORIGINAL(void, dispatch_group_leave, (void *))
ORIGINAL(intptr_t, dispatch_group_wait, (void *, uint64_t))
ORIGINAL(void *, dispatch_semaphore_create, (intptr_t))
ORIGINAL(intptr_t, dispatch_semaphore_signal, (void *))
ORIGINAL(intptr_t, dispatch_semaphore_wait, (void *, uint64_t))
ORIGINAL(void *, dispatch_block_create, (unsigned long, void *))
ORIGINAL(void *, dispatch_block_create_with_qos_class, (unsigned long, unsigned, int, void *))
ORIGINAL(intptr_t, dispatch_block_wait, (void *, uint64_t))
ORIGINAL(void, dispatch_block_notify, (void *, queue_t, void *))
ORIGINAL(void *, dispatch_source_create, (const void *, uintptr_t, uintptr_t, queue_t))
ORIGINAL(void, dispatch_source_set_event_handler, (void *, void *))
ORIGINAL(void, dispatch_source_set_cancel_handler, (void *, void *))
ORIGINAL(void, dispatch_source_set_registration_handler, (void *, void *))
ORIGINAL(void, dispatch_source_set_timer, (void *, uint64_t, uint64_t, uint64_t))
ORIGINAL(void, dispatch_source_merge_data, (void *, uintptr_t))
ORIGINAL(void, dispatch_source_cancel, (void *))
ORIGINAL(void, dispatch_resume, (void *))
ORIGINAL(void, dispatch_activate, (void *))

// MARK: Blocks, as their runtime lays them out

struct block {
  void *isa;
  int32_t flags;
  int32_t reserved;
  void (*invoke)(void *block, ...);
  const struct descriptor *descriptor;
};

struct descriptor {
  unsigned long reserved;
  unsigned long size;
  void (*copy)(void *into, const void *from);
  void (*dispose)(const void *block);
};

#define BLOCK_HAS_COPY_DISPOSE (1 << 25)

static void *(*block_copy)(const void *);
static void (*block_release)(const void *);
static void *stack_block_class;

static void find_blocks(void) {
  block_release = (void (*)(const void *))dlsym(RTLD_DEFAULT, "_Block_release");
  void *copy = dlsym(RTLD_DEFAULT, "_Block_copy");
  // Release: whoever sees this function sees the other one.
  __atomic_store_n(&block_copy, (void *(*)(const void *))copy, __ATOMIC_RELEASE);
}

static void call_block(void *block) { ((struct block *)block)->invoke(block); }

static void call_block_once(void *block) {
  call_block(block);
  block_release(block);
}

// MARK: Queues

// Dispatch's objects: class, reference counts, next, target.
#define TARGET_OFFSET 24

static const void *concurrent_class, *global_class;

static const void *class_of(const void *object) { return *(const void *const *)object; }

static queue_t target_of(const void *object) {
  return *(queue_t *)((const char *)object + TARGET_OFFSET);
}

static bool is_ready;

/// On the first call, when Dispatch has surely been set up: makes two queues and
/// looks at them. Where they are not as expected there can be no clocks.
static void get_ready(void) {
  static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&once);
  if (!is_ready) {
    void *concurrent = dlsym(RTLD_DEFAULT, "_dispatch_queue_attr_concurrent");
    find_blocks();
    stack_block_class = dlsym(RTLD_DEFAULT, "_NSConcreteStackBlock");
    bool is_known = concurrent != NULL && block_copy != NULL && block_release != NULL &&
                    stack_block_class != NULL && dispatch_get_current_queue_find() != NULL;
    if (is_known) {
      queue_t serial = dispatch_queue_create_find()("", NULL);
      queue_t target = dispatch_queue_create_find()("", concurrent);
      queue_t aimed = dispatch_queue_create_with_target_find()("", NULL, target);
      queue_t global = dispatch_get_global_queue_find()(0, 0);
      concurrent_class = class_of(target);
      global_class = class_of(global);
      is_known = target_of(aimed) == target && class_of(target_of(serial)) == global_class &&
                 class_of(serial) != concurrent_class && concurrent_class != global_class;
      dispatch_release_find()(aimed);
      dispatch_release_find()(target);
      dispatch_release_find()(serial);
    }
    if (!is_known) {
      tophash_process.has_clocks = false;
      tophash_events.header->order = TOPHASH_ORDER_UNKNOWN;
    }
    __atomic_store_n(&is_ready, true, __ATOMIC_RELEASE);
  }
  pthread_mutex_unlock(&once);
}

/// True when a call is to be looked at. The Swift runtime announces its own.
static bool is_followed(const void *caller) {
  if (!tophash_process.has_clocks || tophash_is_runtime(caller)) return false;
  if (tophash_unlikely(!__atomic_load_n(&is_ready, __ATOMIC_ACQUIRE))) get_ready();
  return tophash_process.has_clocks;
}
#define IS_FOLLOWED() is_followed(__builtin_return_address(0))

/// Every queue from `queue` to the global one that it ends at. `key` is what is
/// acquired there or released.
#define FOR_QUEUES(queue, level)                                                       \
  for (int level = 0; level < 16 && queue != NULL && class_of(queue) != global_class; \
       level++, queue = target_of(queue))

static void enter_queue(struct tophash_strand *strand, queue_t queue, bool is_barrier) {
  struct tophash_clocks *clocks = tophash_process.clocks;
  FOR_QUEUES(queue, level) {
    tophash_clocks_acquire(clocks, strand, (uint64_t)queue | TOPHASH_KEY_BARRIERS);
    if (class_of(queue) == concurrent_class && is_barrier && level == 0)
      tophash_clocks_acquire(clocks, strand, (uint64_t)queue | TOPHASH_KEY_ITEMS);
  }
}

static void leave_queue(struct tophash_strand *strand, queue_t queue, bool is_barrier) {
  FOR_QUEUES(queue, level) {
    bool is_alone = class_of(queue) != concurrent_class || (is_barrier && level == 0);
    tophash_clocks_release(tophash_process.clocks, strand,
                           (uint64_t)queue | (is_alone ? TOPHASH_KEY_BARRIERS : TOPHASH_KEY_ITEMS));
  }
}

static const char *label_of(queue_t queue) {
  const char *label =
      queue != NULL && tophash_runtime.queue_label != NULL ? tophash_runtime.queue_label(queue) : "";
  return label == NULL || label[0] == 0 ? "(no label)" : label;
}

static queue_t made(queue_t queue) {
  if (queue == NULL || !tophash_process.has_clocks) return queue;
  // Whatever was at this address before.
  tophash_clocks_forget_sync(tophash_process.clocks, (uint64_t)queue | TOPHASH_KEY_BARRIERS);
  tophash_clocks_forget_sync(tophash_process.clocks, (uint64_t)queue | TOPHASH_KEY_ITEMS);
  return queue;
}

TOPHASH_EXPORT queue_t dispatch_queue_create(const char *label, void *attributes) {
  return made(dispatch_queue_create_find()(label, attributes));
}

TOPHASH_EXPORT queue_t dispatch_queue_create_with_target(const char *label, void *attributes,
                                                         queue_t target) {
  return made(dispatch_queue_create_with_target_find()(label, attributes, target));
}

// MARK: Items that are submitted once

struct work {
  function_t function;
  void *context;
  queue_t queue;
  uint64_t after;   // to be acquired before; 0: nothing
  uint64_t before;  // to be released after
  uint32_t scope;   // of whoever submitted it
  bool is_barrier;
};

static struct work *work(queue_t queue, void *context, function_t function) {
  struct work *work = malloc(sizeof *work);
  if (work == NULL) abort();  // as Dispatch does
  *work = (struct work){.function = function, .context = context, .queue = queue,
                        .scope = tophash_scope_current()};
  tophash_edge_release((uint64_t)work);
  return work;
}

static struct work *block_work(queue_t queue, void *block) {
  return work(queue, block_copy(block), call_block_once);
}

static void run(void *record) {
  struct work work = *(struct work *)record;
  struct tophash_clocks *clocks = tophash_process.clocks;
  struct tophash_strand strand = {.scope = work.scope};
  tophash_clocks_acquire(clocks, &strand, (uint64_t)record);
  tophash_clocks_forget_sync(clocks, (uint64_t)record);
  free(record);
  if (work.after != 0) tophash_clocks_acquire(clocks, &strand, work.after);
  enter_queue(&strand, work.queue, work.is_barrier);
  // A thread that is no pool's orders what runs on it.
  struct tophash_strand *outer = tophash_strand_current();
  if (outer != NULL) tophash_clock_join(clocks, &strand.clock, &outer->clock);
  tophash_strand_enter(&strand, label_of(work.queue));
  work.function(work.context);
  leave_queue(&strand, work.queue, work.is_barrier);
  if (work.before != 0) tophash_clocks_release(clocks, &strand, work.before);
  tophash_strand_leave(&strand);
  if (outer != NULL) tophash_clock_join(clocks, &outer->clock, &strand.clock);
}

// MARK: Items that have an identity of their own

/// What a wrapped block knows. Belongs to its only copy.
struct item {
  void *inner;
  void *outer;  // what Dispatch made of it, for DispatchWorkItem
  void *source; // whose handler it is
  queue_t queue;
  uint64_t after, before;
  uint32_t scope;
  bool is_barrier;
};

struct item_block {
  struct block block;
  struct item *item;
};

static void copy_item(void *into, const void *from) { (void)into, (void)from; }

static void dispose_item(const void *block) {
  struct item *item = ((const struct item_block *)block)->item;
  block_release(item->inner);
  if (item->outer != NULL)
    tophash_clocks_forget_sync(tophash_process.clocks, (uint64_t)item->outer);
  free(item);
}

static const struct descriptor item_descriptor = {
    .size = sizeof(struct item_block), .copy = copy_item, .dispose = dispose_item};

static void run_item(void *block, ...) {
  struct item *item = ((struct item_block *)block)->item;
  struct tophash_clocks *clocks = tophash_process.clocks;
  struct tophash_strand strand = {.scope = item->scope};
  struct tophash_strand *outer = tophash_strand_current();
  queue_t queue = item->queue;
  if (item->source != NULL) queue = target_of(item->source);
  if (queue == NULL && outer == NULL) queue = dispatch_get_current_queue_find()();
  uint64_t before = item->before;
  if (item->outer != NULL) tophash_clocks_acquire(clocks, &strand, (uint64_t)item->outer);
  if (item->after != 0) tophash_clocks_acquire(clocks, &strand, item->after);
  if (item->source != NULL) {
    tophash_clocks_acquire(clocks, &strand, (uint64_t)item->source | TOPHASH_KEY_SETUP);
    // A source's handlers run one after the other, on any queue.
    tophash_clocks_acquire(clocks, &strand, (uint64_t)item->source | TOPHASH_KEY_BARRIERS);
  }
  enter_queue(&strand, queue, item->is_barrier);
  if (outer != NULL) tophash_clock_join(clocks, &strand.clock, &outer->clock);
  tophash_strand_enter(&strand, label_of(queue));
  call_block(item->inner);
  leave_queue(&strand, queue, item->is_barrier);
  if (item->outer != NULL) tophash_clocks_release(clocks, &strand, (uint64_t)item->outer);
  if (before != 0) tophash_clocks_release(clocks, &strand, before);
  if (item->source != NULL)
    tophash_clocks_release(clocks, &strand, (uint64_t)item->source | TOPHASH_KEY_BARRIERS);
  tophash_strand_leave(&strand);
  if (outer != NULL) tophash_clock_join(clocks, &outer->clock, &strand.clock);
}

/// A block of its own kind around `block`; the caller releases it.
static void *wrap(void *block, struct item **made) {
  struct item *item = calloc(1, sizeof *item);
  if (item == NULL) abort();
  item->inner = block_copy(block);
  item->scope = tophash_scope_current();
  struct item_block wrapper = {
      .block = {.isa = stack_block_class, .flags = BLOCK_HAS_COPY_DISPOSE, .invoke = run_item,
                .descriptor = &item_descriptor},
      .item = item,
  };
  if (made != NULL) *made = item;
  return block_copy(&wrapper);
}

// Where a work item's block keeps the block within; learned from the first one.
static size_t inner_offset;
static void (*special_invoke)(void *, ...);

/// A block that has to be handed to Dispatch as it is.
static bool is_work_item(const void *block) {
  return ((const struct block *)block)->invoke == __atomic_load_n(&special_invoke, __ATOMIC_RELAXED);
}

/// Learns what work items look like. For waits alone nothing is put into them.
static void *learn_work_item(void *outer) {
  if (outer != NULL)
    __atomic_store_n(&special_invoke, ((struct block *)outer)->invoke, __ATOMIC_RELAXED);
  return outer;
}

static void *item_made(void *outer, void *wrapper, struct item *item, unsigned long flags) {
  const unsigned long barrier = 1;
  if (outer != NULL) {
    item->outer = outer;
    item->is_barrier = flags & barrier;
    size_t size = ((struct block *)outer)->descriptor->size;
    for (size_t offset = sizeof(struct block); inner_offset == 0 && offset + 8 <= size; offset += 8)
      if (*(void **)((char *)outer + offset) == wrapper) {
        learn_work_item(outer);
        __atomic_store_n(&inner_offset, offset, __ATOMIC_RELEASE);
      }
  }
  block_release(wrapper);
  return outer;
}

/// The item of a DispatchWorkItem's block; NULL for every other block.
static struct item *item_of(void *block) {
  size_t offset = __atomic_load_n(&inner_offset, __ATOMIC_ACQUIRE);
  if (offset == 0 || !is_work_item(block)) return NULL;
  struct item_block *inner = *(struct item_block **)((char *)block + offset);
  return inner != NULL && inner->block.invoke == run_item ? inner->item : NULL;
}

/// Notes that a work item is submitted. False for every other block.
static bool submit_item(void *block, queue_t queue, uint64_t after, uint64_t before) {
  struct item *item = item_of(block);
  if (item == NULL) return false;
  item->queue = queue;
  item->scope = tophash_scope_current();
  item->after = after;
  item->before = before;
  tophash_edge_release((uint64_t)block);
  return true;
}

TOPHASH_EXPORT void *dispatch_block_create(unsigned long flags, void *block) {
  if (!IS_FOLLOWED()) return learn_work_item(dispatch_block_create_find()(flags, block));
  struct item *item;
  void *wrapper = wrap(block, &item);
  return item_made(dispatch_block_create_find()(flags, wrapper), wrapper, item, flags);
}

TOPHASH_EXPORT void *dispatch_block_create_with_qos_class(unsigned long flags, unsigned qos,
                                                          int priority, void *block) {
  if (!IS_FOLLOWED())
    return learn_work_item(dispatch_block_create_with_qos_class_find()(flags, qos, priority, block));
  struct item *item;
  void *wrapper = wrap(block, &item);
  void *outer = dispatch_block_create_with_qos_class_find()(flags, qos, priority, wrapper);
  return item_made(outer, wrapper, item, flags);
}

// What can be waited for, until a time.
typedef intptr_t (*wait_t)(void *object, uint64_t timeout);
#define NOW 0ull

/// Waits for `object`, unless nobody has to.
#define WAIT(original, kind, object, timeout)                                               \
  ({                                                                                        \
    wait_t wait = original;                                                                 \
    const void *caller = __builtin_return_address(0);                                       \
    intptr_t outcome;                                                                       \
    if (!tophash_waits_see(caller) || timeout == NOW) {                                     \
      outcome = wait(object, timeout);                                                      \
    } else if ((outcome = wait(object, NOW)) != 0) {                                        \
      struct tophash_turn turn =                                                            \
          tophash_turn_begin(kind, object, caller, TOPHASH_FRAME());                \
      outcome = wait(object, timeout);                                                      \
      tophash_turn_end(&turn);                                                              \
    }                                                                                       \
    outcome;                                                                                \
  })

TOPHASH_EXPORT intptr_t dispatch_block_wait(void *block, uint64_t timeout) {
  intptr_t status = WAIT(dispatch_block_wait_find(), TOPHASH_WAIT_ITEM, block, timeout);
  if (status == 0 && IS_FOLLOWED()) tophash_edge_acquire((uint64_t)block);
  return status;
}

TOPHASH_EXPORT void dispatch_block_notify(void *block, queue_t queue, void *notification) {
  // There is no variant that takes a function.
  if (!IS_FOLLOWED() || submit_item(notification, queue, (uint64_t)block, 0))
    return dispatch_block_notify_find()(block, queue, notification);
  struct item *item;
  void *wrapper = wrap(notification, &item);
  item->queue = queue;
  item->after = (uint64_t)block;
  tophash_edge_release((uint64_t)block);
  dispatch_block_notify_find()(block, queue, wrapper);
  block_release(wrapper);
}

// MARK: Work items on the timeline

/// An item of which nothing but its course is recorded.
struct drawn {
  function_t function;
  void *context;
  uint64_t number;
  uint16_t label;
};

static void run_drawn(void *record) {
  struct drawn drawn = *(struct drawn *)record;
  free(record);
  if (!tophash_timeline_is_on()) return drawn.function(drawn.context);
  tophash_timeline_note(TOPHASH_MOMENT_ITEM_BEGIN, drawn.number, 0, 0, drawn.label);
  drawn.function(drawn.context);
  if (tophash_timeline_is_on())
    tophash_timeline_note(TOPHASH_MOMENT_ITEM_END, drawn.number, 0, 0, 0);
}

/// Whether an item that is submitted by `caller` is drawn. With clocks it has a record
/// of its own already, and stays as it is.
static bool is_drawn(const void *caller) {
  return tophash_timeline_is_on() && !tophash_process.has_clocks && !tophash_is_runtime(caller);
}
#define IS_DRAWN() is_drawn(__builtin_return_address(0))

static void *drawn(queue_t queue, void *context, function_t function) {
  struct drawn *drawn = malloc(sizeof *drawn);
  if (drawn == NULL) abort();  // as Dispatch does
  uint16_t label = tophash_timeline_queue(queue);
  *drawn = (struct drawn){function, context, tophash_timeline_submit(label), label};
  return drawn;
}

/// The same for a block, which it keeps.
static void *drawn_block(queue_t queue, void *block) {
  if (tophash_unlikely(block_copy == NULL)) find_blocks();
  return drawn(queue, block_copy(block), call_block_once);
}

// MARK: Submission

TOPHASH_EXPORT void dispatch_async(queue_t queue, void *block) {
  if (IS_DRAWN() && !is_work_item(block))
    return dispatch_async_f_find()(queue, drawn_block(queue, block), run_drawn);
  if (!IS_FOLLOWED() || submit_item(block, queue, 0, 0))
    return dispatch_async_find()(queue, block);
  dispatch_async_f_find()(queue, block_work(queue, block), run);
}

TOPHASH_EXPORT void dispatch_async_f(queue_t queue, void *context, function_t function) {
  if (IS_DRAWN())
    return dispatch_async_f_find()(queue, drawn(queue, context, function), run_drawn);
  if (!IS_FOLLOWED()) return dispatch_async_f_find()(queue, context, function);
  dispatch_async_f_find()(queue, work(queue, context, function), run);
}

static struct work *barrier(struct work *work) {
  work->is_barrier = true;
  return work;
}

TOPHASH_EXPORT void dispatch_barrier_async(queue_t queue, void *block) {
  if (IS_DRAWN() && !is_work_item(block))
    return dispatch_barrier_async_f_find()(queue, drawn_block(queue, block), run_drawn);
  if (!IS_FOLLOWED()) return dispatch_barrier_async_find()(queue, block);
  if (submit_item(block, queue, 0, 0)) {
    item_of(block)->is_barrier = true;
    return dispatch_barrier_async_find()(queue, block);
  }
  dispatch_barrier_async_f_find()(queue, barrier(block_work(queue, block)), run);
}

TOPHASH_EXPORT void dispatch_barrier_async_f(queue_t queue, void *context, function_t function) {
  if (!IS_FOLLOWED()) return dispatch_barrier_async_f_find()(queue, context, function);
  dispatch_barrier_async_f_find()(queue, barrier(work(queue, context, function)), run);
}

TOPHASH_EXPORT void dispatch_after(uint64_t when, queue_t queue, void *block) {
  if (!IS_FOLLOWED() || submit_item(block, queue, 0, 0))
    return dispatch_after_find()(when, queue, block);
  dispatch_after_f_find()(when, queue, block_work(queue, block), run);
}

TOPHASH_EXPORT void dispatch_after_f(uint64_t when, queue_t queue, void *context,
                                     function_t function) {
  if (!IS_FOLLOWED()) return dispatch_after_f_find()(when, queue, context, function);
  dispatch_after_f_find()(when, queue, work(queue, context, function), run);
}

// MARK: Waiting for the item

/// An item that its caller waits for goes on in the caller's strand, also when
/// another thread runs it.
struct sync {
  function_t function;
  void *context;
  queue_t queue;
  struct tophash_strand *caller;
  bool is_barrier;
};

static void run_sync(void *record) {
  struct sync *sync = record;
  struct tophash_strand *here = tophash_strands.current;
  tophash_strands.current = sync->caller;
  if (sync->caller != NULL) enter_queue(sync->caller, sync->queue, sync->is_barrier);
  sync->function(sync->context);
  leave_queue(sync->caller, sync->queue, sync->is_barrier);
  tophash_strands.current = here;
}

typedef void (*sync_f_t)(queue_t, void *, function_t);

static void sync_function(sync_f_t original, queue_t queue, void *context, function_t function,
                          bool is_barrier) {
  struct sync sync = {function, context, queue, tophash_strand_current(), is_barrier};
  original(queue, &sync, run_sync);
}

static void sync_block(void (*original)(queue_t, void *), sync_f_t original_f, queue_t queue,
                       void *block, bool is_barrier) {
  if (!submit_item(block, queue, 0, 0))
    return sync_function(original_f, queue, block, call_block, is_barrier);
  if (is_barrier) item_of(block)->is_barrier = true;
  original(queue, block);
  tophash_edge_acquire((uint64_t)block);
}

/// An item whose submitter waits until it begins, and then does nothing but it.
struct timed {
  function_t function;
  void *context;
  struct tophash_turn turn;
  uint16_t label;
};

static void run_timed(void *record) {
  struct timed *timed = record;
  tophash_turn_end(&timed->turn);
  uint16_t label = timed->label;
  if (tophash_timeline_is_on() && label != TOPHASH_NO_STRING)
    tophash_timeline_note(TOPHASH_MOMENT_ITEM_BEGIN, timed->turn.since_ns, 0, 0, label);
  timed->function(timed->context);
  if (tophash_timeline_is_on() && label != TOPHASH_NO_STRING)
    tophash_timeline_note(TOPHASH_MOMENT_ITEM_END, timed->turn.since_ns, 0, 0, 0);
}

#define SYNC(name, is_barrier)                                                               \
  static void name##_followed(queue_t queue, void *context, function_t function,             \
                              const void *caller) {                                          \
    if (!is_followed(caller)) return name##_f_find()(queue, context, function);              \
    sync_function(name##_f_find(), queue, context, function, is_barrier);                    \
  }                                                                                          \
  __attribute__((always_inline)) static inline void name##_timed(                            \
      queue_t queue, void *context, function_t function, const void *caller,                 \
      const uint64_t *frame) {                                                               \
    struct timed timed = {                                                                   \
        function, context,                                                                   \
        tophash_turn_begin(is_barrier ? TOPHASH_WAIT_BARRIER : TOPHASH_WAIT_QUEUE, queue,    \
                           caller, frame),                                                   \
        tophash_timeline_is_on() ? tophash_timeline_queue(queue) : TOPHASH_NO_STRING};       \
    name##_followed(queue, &timed, run_timed, caller);                                       \
  }                                                                                          \
  TOPHASH_EXPORT void name(queue_t queue, void *block) {                                     \
    const void *caller = __builtin_return_address(0);                                        \
    /* Of an item that has to stay as it is, nobody sees the beginning. */                   \
    if (tophash_waits_see(caller) && !is_work_item(block))                                   \
      return name##_timed(queue, block, call_block, caller, TOPHASH_FRAME());        \
    if (!is_followed(caller)) return name##_find()(queue, block);                            \
    sync_block(name##_find(), name##_f_find(), queue, block, is_barrier);                    \
  }                                                                                          \
  TOPHASH_EXPORT void name##_f(queue_t queue, void *context, function_t function) {          \
    const void *caller = __builtin_return_address(0);                                        \
    if (tophash_waits_see(caller))                                                           \
      return name##_timed(queue, context, function, caller, TOPHASH_FRAME());        \
    name##_followed(queue, context, function, caller);                                       \
  }

SYNC(dispatch_sync, false)
SYNC(dispatch_barrier_sync, true)
SYNC(dispatch_async_and_wait, false)
SYNC(dispatch_barrier_async_and_wait, true)

// MARK: Many at once

struct apply {
  void *block;
  void (*function)(void *context, size_t index);
  void *context;
  queue_t queue;
  uint32_t scope;
};

static void run_iteration(void *record, size_t index) {
  struct apply *apply = record;
  struct tophash_clocks *clocks = tophash_process.clocks;
  struct tophash_strand strand = {.scope = apply->scope};
  tophash_clocks_acquire(clocks, &strand, (uint64_t)apply);
  enter_queue(&strand, apply->queue, false);
  tophash_strand_enter(&strand, label_of(apply->queue));
  if (apply->block != NULL)
    ((struct block *)apply->block)->invoke(apply->block, index);
  else
    apply->function(apply->context, index);
  leave_queue(&strand, apply->queue, false);
  tophash_clocks_release(clocks, &strand, (uint64_t)apply | TOPHASH_KEY_ITEMS);
  tophash_strand_leave(&strand);
}

static void apply(size_t count, struct apply *apply) {
  struct tophash_clocks *clocks = tophash_process.clocks;
  apply->scope = tophash_scope_current();
  tophash_clocks_forget_sync(clocks, (uint64_t)apply);
  tophash_clocks_forget_sync(clocks, (uint64_t)apply | TOPHASH_KEY_ITEMS);
  tophash_edge_release((uint64_t)apply);
  dispatch_apply_f_find()(count, apply->queue, apply, run_iteration);
  tophash_edge_acquire((uint64_t)apply | TOPHASH_KEY_ITEMS);
}

TOPHASH_EXPORT void dispatch_apply(size_t count, queue_t queue, void *block) {
  if (!IS_FOLLOWED()) return dispatch_apply_find()(count, queue, block);
  struct apply record __attribute__((aligned(8))) = {.block = block, .queue = queue};
  apply(count, &record);
}

TOPHASH_EXPORT void dispatch_apply_f(size_t count, queue_t queue, void *context,
                                     void (*function)(void *, size_t)) {
  if (!IS_FOLLOWED()) return dispatch_apply_f_find()(count, queue, context, function);
  struct apply record __attribute__((aligned(8))) = {
      .function = function, .context = context, .queue = queue};
  apply(count, &record);
}

// MARK: Groups

TOPHASH_EXPORT void *dispatch_group_create(void) {
  void *group = dispatch_group_create_find()();
  if (tophash_process.has_clocks) tophash_clocks_forget_sync(tophash_process.clocks, (uint64_t)group);
  return group;
}

TOPHASH_EXPORT void dispatch_group_async(void *group, queue_t queue, void *block) {
  if (IS_DRAWN() && !is_work_item(block))
    return dispatch_group_async_f_find()(group, queue, drawn_block(queue, block), run_drawn);
  if (!IS_FOLLOWED() || submit_item(block, queue, 0, (uint64_t)group))
    return dispatch_group_async_find()(group, queue, block);
  struct work *record = block_work(queue, block);
  record->before = (uint64_t)group;
  dispatch_group_async_f_find()(group, queue, record, run);
}

TOPHASH_EXPORT void dispatch_group_async_f(void *group, queue_t queue, void *context,
                                           function_t function) {
  if (!IS_FOLLOWED()) return dispatch_group_async_f_find()(group, queue, context, function);
  struct work *record = work(queue, context, function);
  record->before = (uint64_t)group;
  dispatch_group_async_f_find()(group, queue, record, run);
}

TOPHASH_EXPORT void dispatch_group_notify(void *group, queue_t queue, void *block) {
  if (!IS_FOLLOWED() || submit_item(block, queue, (uint64_t)group, 0))
    return dispatch_group_notify_find()(group, queue, block);
  struct work *record = block_work(queue, block);
  record->after = (uint64_t)group;
  dispatch_group_notify_f_find()(group, queue, record, run);
}

TOPHASH_EXPORT void dispatch_group_notify_f(void *group, queue_t queue, void *context,
                                            function_t function) {
  if (!IS_FOLLOWED()) return dispatch_group_notify_f_find()(group, queue, context, function);
  struct work *record = work(queue, context, function);
  record->after = (uint64_t)group;
  dispatch_group_notify_f_find()(group, queue, record, run);
}

TOPHASH_EXPORT void dispatch_group_leave(void *group) {
  if (IS_FOLLOWED()) tophash_edge_release((uint64_t)group);
  dispatch_group_leave_find()(group);
}

TOPHASH_EXPORT intptr_t dispatch_group_wait(void *group, uint64_t timeout) {
  intptr_t status = WAIT(dispatch_group_wait_find(), TOPHASH_WAIT_GROUP, group, timeout);
  if (status == 0 && IS_FOLLOWED()) tophash_edge_acquire((uint64_t)group);
  return status;
}

// MARK: Semaphores

TOPHASH_EXPORT void *dispatch_semaphore_create(intptr_t value) {
  void *semaphore = dispatch_semaphore_create_find()(value);
  tophash_wait_note_signal(semaphore, value == 0);
  if (tophash_process.has_clocks)
    tophash_clocks_forget_sync(tophash_process.clocks, (uint64_t)semaphore);
  return semaphore;
}

TOPHASH_EXPORT intptr_t dispatch_semaphore_signal(void *semaphore) {
  if (IS_FOLLOWED()) tophash_edge_release((uint64_t)semaphore);
  return dispatch_semaphore_signal_find()(semaphore);
}

TOPHASH_EXPORT intptr_t dispatch_semaphore_wait(void *semaphore, uint64_t timeout) {
  intptr_t status = WAIT(dispatch_semaphore_wait_find(), tophash_wait_kind_of(semaphore), semaphore,
                         timeout);
  if (status == 0 && IS_FOLLOWED()) tophash_edge_acquire((uint64_t)semaphore);
  return status;
}

// MARK: Sources

static void tell(void *source) { tophash_edge_release((uint64_t)source | TOPHASH_KEY_SETUP); }

TOPHASH_EXPORT void *dispatch_source_create(const void *type, uintptr_t handle, uintptr_t mask,
                                            queue_t queue) {
  void *source = dispatch_source_create_find()(type, handle, mask, queue);
  if (source != NULL && tophash_process.has_clocks) {
    tophash_clocks_forget_sync(tophash_process.clocks, (uint64_t)source | TOPHASH_KEY_SETUP);
    tophash_clocks_forget_sync(tophash_process.clocks, (uint64_t)source | TOPHASH_KEY_BARRIERS);
  }
  return source;
}

static void set_handler(void (*original)(void *, void *), void *source, void *block) {
  tell(source);
  if (block == NULL || submit_item(block, NULL, (uint64_t)source | TOPHASH_KEY_SETUP, 0))
    return original(source, block);
  struct item *item;
  void *wrapper = wrap(block, &item);
  item->source = source;
  original(source, wrapper);
  block_release(wrapper);
}

#define HANDLER(name)                                              \
  TOPHASH_EXPORT void name(void *source, void *block) {            \
    if (!IS_FOLLOWED()) return name##_find()(source, block);       \
    set_handler(name##_find(), source, block);                     \
  }

HANDLER(dispatch_source_set_event_handler)
HANDLER(dispatch_source_set_cancel_handler)
HANDLER(dispatch_source_set_registration_handler)

TOPHASH_EXPORT void dispatch_source_set_timer(void *source, uint64_t start, uint64_t interval,
                                              uint64_t leeway) {
  if (IS_FOLLOWED()) tell(source);
  dispatch_source_set_timer_find()(source, start, interval, leeway);
}

TOPHASH_EXPORT void dispatch_source_merge_data(void *source, uintptr_t value) {
  if (IS_FOLLOWED()) tell(source);
  dispatch_source_merge_data_find()(source, value);
}

TOPHASH_EXPORT void dispatch_source_cancel(void *source) {
  if (IS_FOLLOWED()) tell(source);
  dispatch_source_cancel_find()(source);
}

TOPHASH_EXPORT void dispatch_resume(void *object) {
  if (IS_FOLLOWED()) tell(object);
  dispatch_resume_find()(object);
}

TOPHASH_EXPORT void dispatch_activate(void *object) {
  if (IS_FOLLOWED()) tell(object);
  dispatch_activate_find()(object);
}
