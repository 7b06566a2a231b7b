// Objects with a variable that is watched: from when they are made until they are freed.

#define _GNU_SOURCE
#include <dlfcn.h>

#include "watch.h"

static __thread const uint64_t *of_no_interest __attribute__((tls_model("initial-exec")));
static void *(*alloc_original)(const uint64_t *metadata, size_t size, size_t mask);
static void (*dealloc_original)(uint64_t object, size_t size, size_t mask);
static void (*dealloc_partial_original)(uint64_t object, const uint64_t *metadata, size_t size,
                                        size_t mask);
static void (*dealloc_object_original)(uint64_t object, size_t size, size_t mask);

/// Takes a slot for the variable of a new object. With the slots locked.
static void watch(uint32_t target, uint64_t address, uint64_t object, uint32_t number) {
  int slot = tophash_watch_free_slot();
  if (slot < 0 || tophash_watch_is_over()) return;
  uint32_t length = tophash_watch.targets[target].length;
  if (!tophash_watch_occupy((uint32_t)slot, target, address, length, object, number)) return;
  tophash_watch.header->watched[target]++;
}

TOPHASH_COLD static void made(uint64_t object, const uint64_t *metadata, uint32_t target) {
  struct tophash_interrupted before = tophash_cold_begin();
  const struct tophash_watch_target *wanted = &tophash_watch.targets[target];
  int64_t offset = wanted->offset >= 0 ? wanted->offset : (int64_t)metadata[wanted->vector];
  tophash_watch_lock();
  uint32_t number = ++tophash_watch.header->objects[target];
  bool is_wanted = tophash_watch.object == 0 || tophash_watch.object == number;
  uint64_t address = object + (uint64_t)offset;
  if (is_wanted && wanted->key != NULL)
    tophash_watch_add_holder(target, address, object, number);
  else if (is_wanted)
    watch(target, address, object, number);
  tophash_watch_unlock();
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
  tophash_watch_lock();
  for (uint32_t i = 0; i < tophash_watch_slots(); i++)
    if (tophash_watch.header->slot[i].object == object) tophash_watch_vacate(i);
  tophash_watch_remove_holders(object);
  tophash_watch_unlock();
  tophash_cold_end(before);
}

static inline void forget(uint64_t object) {
  // Relaxed: whoever frees an object got it from the thread that made it, which had
  // counted it before.
  if (__atomic_load_n(&tophash_watch_objects, __ATOMIC_RELAXED) == 0 || object == 0) return;
  for (uint32_t i = 0; i < TOPHASH_WATCH_SLOTS; i++) {
    const uint64_t *of_slot = &tophash_watch.header->slot[i].object;
    if (tophash_unlikely(__atomic_load_n(of_slot, __ATOMIC_RELAXED) == object))
      return freed(object);
  }
  if (tophash_unlikely(tophash_watch.has_keys) && tophash_watch_is_holder(object)) freed(object);
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

// Where all of them get in the end, boxes too.
static void hook_dealloc_object(uint64_t object, size_t size, size_t mask) {
  forget(object);
  dealloc_object_original(object, size, mask);
}

static void *patched(const char *name, void *hook) {
  void *entry = dlsym(RTLD_DEFAULT, name);
  return entry == NULL ? NULL : tophash_patch_entry(entry, hook);
}

// Ends first: an object whose end is missed would leave its slot to other memory.

bool tophash_watch_follow_objects(void) {
  dealloc_original = patched("swift_deallocClassInstance", (void *)hook_dealloc);
  if (dealloc_original == NULL) return false;
  dealloc_partial_original =
      patched("swift_deallocPartialClassInstance", (void *)hook_dealloc_partial);
  alloc_original = patched("swift_allocObject", (void *)hook_alloc);
  return dealloc_partial_original != NULL && alloc_original != NULL;
}

bool tophash_watch_follow_boxes(void) {
  dealloc_object_original = patched("swift_deallocObject", (void *)hook_dealloc_object);
  return dealloc_object_original != NULL;
}
