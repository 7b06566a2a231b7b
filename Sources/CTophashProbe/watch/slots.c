// The addresses that are watched now. A global is there from the start; a
// property when an object of its class is made, until that object is freed.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "tophash_facts.h"
#include "tophash_watchpoint.h"
#include "watch.h"

static int watchpoints[TOPHASH_WATCH_SLOTS];
static uint32_t count;  // of watchpoints
static uint32_t objects;  // in slots
// Taken when an object of a watched class comes or goes, and by nobody else.
static pthread_mutex_t changing = PTHREAD_MUTEX_INITIALIZER;

static bool is_over(void) {
  return __atomic_load_n(&tophash_watch.header->is_over, __ATOMIC_RELAXED);
}

uint64_t tophash_watch_value(uint64_t address, uint32_t length) {
  uint64_t value = 0;
  tophash_memory_read(address, &value, length);  // by the kernel: no hit by ourselves
  return value;
}

// MARK: Slots

static uint64_t data_of(uint32_t slot, uint32_t generation) {
  return (uint64_t)generation << 8 | slot;
}

/// Watches `address` in a slot that is free. With `changing` held, or alone.
static bool occupy(uint32_t slot, uint32_t target, uint64_t address, uint64_t object,
                   uint32_t number) {
  struct tophash_watch_slot *place = &tophash_watch.header->slot[slot];
  uint32_t length = tophash_watch.targets[target].length;
  uint32_t generation = place->generation + 1;
  *place = (struct tophash_watch_slot){
      .object = object, .target = target, .length = length, .number = number,
      .latest = tophash_watch_value(address, length), .generation = generation};
  // Release: whoever finds the address finds the rest.
  __atomic_store_n(&place->address, address, __ATOMIC_RELEASE);
  if (!tophash_watch.is_software) {
    int error = tophash_watchpoint_arm(watchpoints[slot], address, length, tophash_watch.reads,
                                       data_of(slot, generation));
    if (error != 0) {
      place->object = 0;
      place->address = 0;
      tophash_watch.header->error = -error;
      return false;
    }
  }
  tophash_watch.header->watched[target]++;
  if (object != 0) __atomic_fetch_add(&objects, 1, __ATOMIC_RELAXED);
  return true;
}

static void vacate(uint32_t slot) {
  struct tophash_watch_slot *place = &tophash_watch.header->slot[slot];
  if (!tophash_watch.is_software) tophash_watchpoint_disarm(watchpoints[slot]);
  if (place->object != 0) __atomic_fetch_sub(&objects, 1, __ATOMIC_RELAXED);
  place->object = 0;
  __atomic_store_n(&place->address, 0, __ATOMIC_RELEASE);
}

int tophash_watch_slot_of(uint64_t data) {
  uint32_t slot = data & 0xFF;
  if (slot >= count) return -1;
  struct tophash_watch_slot *place = &tophash_watch.header->slot[slot];
  bool is_current = place->generation == data >> 8;
  // Acquire: partner of the release in `occupy`.
  return is_current && __atomic_load_n(&place->address, __ATOMIC_ACQUIRE) != 0 ? (int)slot : -1;
}

int tophash_watch_slot_at(uint64_t address) {
  for (uint32_t i = 0; i < count; i++)
    if (__atomic_load_n(&tophash_watch.header->slot[i].address, __ATOMIC_ACQUIRE) == address)
      return (int)i;
  return -1;
}

static void disarm_all(void) {
  if (tophash_watch.is_software) return;
  for (uint32_t i = 0; i < count; i++) tophash_watchpoint_disarm(watchpoints[i]);
}

void tophash_watch_end(void) {
  __atomic_store_n(&tophash_watch.header->is_over, 1, __ATOMIC_RELAXED);
  disarm_all();
}

// MARK: Rate

static uint64_t second, hits_in_second;
static uint64_t pause;  // 1 during a pause: what the pacer sleeps on

/// Arms everything again when a pause is over. Its own thread, since nobody else
/// comes along while nothing is watched.
static void *pace(void *unused) {
  for (;;) {
    tophash_sleep(&pause, 0, 60000000000ull);
    if (__atomic_load_n(&pause, __ATOMIC_ACQUIRE) == 0) continue;
    uint64_t end = (__atomic_load_n(&second, __ATOMIC_RELAXED) + 1) * 1000000000;
    static uint64_t nobody;
    for (uint64_t now; (now = tophash_now_ns()) < end;) tophash_sleep(&nobody, 0, end - now);
    pthread_mutex_lock(&changing);
    __atomic_store_n(&pause, 0, __ATOMIC_RELEASE);
    for (uint32_t i = 0; i < count && !is_over(); i++) {
      struct tophash_watch_slot *place = &tophash_watch.header->slot[i];
      if (place->address == 0) continue;
      place->latest = tophash_watch_value(place->address, place->length);
      tophash_watchpoint_arm(watchpoints[i], place->address, place->length, tophash_watch.reads,
                             data_of(i, place->generation));
    }
    pthread_mutex_unlock(&changing);
  }
  return unused;
}

bool tophash_watch_admits(uint64_t now_ns) {
  if (is_over()) return false;
  if (tophash_watch.rate == 0) return true;
  uint64_t now = now_ns / 1000000000;
  if (__atomic_exchange_n(&second, now, __ATOMIC_RELAXED) != now)
    __atomic_store_n(&hits_in_second, 0, __ATOMIC_RELAXED);
  if (__atomic_fetch_add(&hits_in_second, 1, __ATOMIC_RELAXED) < tophash_watch.rate) return true;
  if (!tophash_watch.is_software && __atomic_exchange_n(&pause, 1, __ATOMIC_ACQ_REL) == 0) {
    __atomic_fetch_add(&tophash_watch.header->pauses, 1, __ATOMIC_RELAXED);
    disarm_all();
    tophash_wake(&pause);
  }
  return false;
}

// MARK: Objects

static __thread const uint64_t *of_no_interest __attribute__((tls_model("initial-exec")));
static void *(*alloc_original)(const uint64_t *metadata, size_t size, size_t mask);
static void (*dealloc_original)(uint64_t object, size_t size, size_t mask);
static void (*dealloc_partial_original)(uint64_t object, const uint64_t *metadata, size_t size,
                                        size_t mask);

TOPHASH_COLD static void made(uint64_t object, const uint64_t *metadata, uint32_t target) {
  struct tophash_interrupted before = tophash_cold_begin();
  const struct tophash_watch_target *wanted = &tophash_watch.targets[target];
  int64_t offset = wanted->offset >= 0 ? wanted->offset : (int64_t)metadata[wanted->vector];
  pthread_mutex_lock(&changing);
  uint32_t number = ++tophash_watch.header->objects[target];
  bool is_wanted = tophash_watch.object == 0 || tophash_watch.object == number;
  for (uint32_t i = 0; is_wanted && !is_over() && i < count; i++) {
    if (tophash_watch.header->slot[i].address != 0) continue;
    occupy(i, target, object + (uint64_t)offset, object, number);
    break;
  }
  pthread_mutex_unlock(&changing);
  tophash_cold_end(before);
}

/// Makes an object of a type that was not the last one on this thread to be of no
/// interest.
static void *make(const uint64_t *metadata, size_t size, size_t mask) {
  void *object = alloc_original(metadata, size, mask);
  bool is_watched = false;
  // Class metadata: kind 0, the superclass, three words of flags and sizes, the descriptor.
  for (const uint64_t *type = metadata[0] == 0 ? metadata : NULL; type != NULL;
       type = (const uint64_t *)type[1])
    for (uint32_t i = 0; i < tophash_watch.target_count; i++)
      if (tophash_unlikely(type[5] == tophash_watch.targets[i].descriptor)) {
        is_watched = true;
        made((uint64_t)object, type, i);
      }
  if (!is_watched) of_no_interest = metadata;
  return object;
}

// Programs make many objects of few types: what is of no interest costs a comparison
// and a jump.
static void *hook_alloc(const uint64_t *metadata, size_t size, size_t mask) {
  if (metadata == of_no_interest) TOPHASH_JUMP alloc_original(metadata, size, mask);
  TOPHASH_JUMP make(metadata, size, mask);
}

TOPHASH_COLD static void freed(uint64_t object) {
  struct tophash_interrupted before = tophash_cold_begin();
  pthread_mutex_lock(&changing);
  for (uint32_t i = 0; i < count; i++)
    if (tophash_watch.header->slot[i].object == object) vacate(i);
  pthread_mutex_unlock(&changing);
  tophash_cold_end(before);
}

static inline void forget(uint64_t object) {
  // Relaxed: whoever frees an object got it from the thread that made it, which had
  // counted it before.
  if (__atomic_load_n(&objects, __ATOMIC_RELAXED) == 0) return;
  for (uint32_t i = 0; i < TOPHASH_WATCH_SLOTS; i++)
    if (tophash_unlikely(tophash_watch.header->slot[i].object == object) && object != 0)
      return freed(object);
}

static void hook_dealloc(uint64_t object, size_t size, size_t mask) {
  forget(object);  // before its memory is another's
  dealloc_original(object, size, mask);
}

static void hook_dealloc_partial(uint64_t object, const uint64_t *metadata, size_t size,
                                 size_t mask) {
  forget(object);
  dealloc_partial_original(object, metadata, size, mask);
}

static void *patched(const char *name, void *hook) {
  void *entry = dlsym(RTLD_DEFAULT, name);
  return entry == NULL ? NULL : tophash_patch_entry(entry, hook);
}

/// Ends first: an object whose end is missed would leave its slot to other memory.
static bool follow_objects(void) {
  dealloc_original = patched("swift_deallocClassInstance", (void *)hook_dealloc);
  if (dealloc_original == NULL) return false;
  dealloc_partial_original =
      patched("swift_deallocPartialClassInstance", (void *)hook_dealloc_partial);
  alloc_original = patched("swift_allocObject", (void *)hook_alloc);
  return dealloc_partial_original != NULL && alloc_original != NULL;
}

// MARK: Start

int tophash_watch_arm(bool may_patch) {
  struct tophash_watch_header *header = tophash_watch.header;
  for (count = 0; count < TOPHASH_WATCH_SLOTS; count++) {
    if (tophash_watch.is_software) continue;
    watchpoints[count] = tophash_watchpoint_open();
    if (watchpoints[count] < 0) break;
  }
  header->slots = count;
  if (count == 0) return -watchpoints[0];
  // A variable that has none of its own would go unseen.
  if (count < tophash_watch.target_count) return ENOSPC;
  uint32_t globals = 0;
  for (uint32_t i = 0; i < tophash_watch.target_count; i++) {
    const struct tophash_watch_target *target = &tophash_watch.targets[i];
    if (target->length == 0 || target->is_property) continue;
    if (!occupy(globals++, i, target->address, 0, 0)) return header->error;
  }
  if (tophash_watch.has_properties && !(may_patch && follow_objects()))
    header->state = TOPHASH_WATCH_NO_OBJECTS;
  if (tophash_watch.rate != 0 && !tophash_watch.is_software) {
    pthread_t pacer;
    if (pthread_create(&pacer, NULL, pace, NULL) != 0) tophash_watch.rate = 0;
  }
  return 0;
}

void tophash_watch_stop(void) {
  if (tophash_watch.header == NULL) return;
  uint64_t sum = 0;
  if (!tophash_watch.is_software)
    for (uint32_t i = 0; i < count; i++) sum += tophash_watchpoint_count(watchpoints[i]);
  tophash_watch.header->counted = sum;
}
