// What is written down of a hit. Who made it and from where is written once, however
// often it happens.

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tophash_facts.h"
#include "watch.h"

#define OWNERS_OFFSET TOPHASH_HEADER_BYTES
#define STACKS_OFFSET (OWNERS_OFFSET + TOPHASH_WATCH_OWNERS * sizeof(struct tophash_watch_owner))
#define HITS_OFFSET (STACKS_OFFSET + TOPHASH_WATCH_STACKS * sizeof(struct tophash_watch_stack))
#define FILE_BYTES (HITS_OFFSET + TOPHASH_WATCH_HITS * sizeof(struct tophash_hit))

static struct tophash_watch_owner *owners;
static struct tophash_watch_stack *stacks;
static struct tophash_hit *hits;

bool tophash_watch_open(const char *session) {
  static char path[4096];
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < FILE_BYTES) return false;
  int length = snprintf(path, sizeof path, "%s/%d.%llu.hits", session, (int)getpid(),
                        (unsigned long long)tophash_events.header->start_ns);
  if (length < 0 || (size_t)length >= sizeof path) return false;
  int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return false;
  uint8_t *bytes = MAP_FAILED;
  // Takes the room now: a full disk would be a bus error later.
  if (posix_fallocate(file, 0, FILE_BYTES) == 0)
    bytes = mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (bytes == MAP_FAILED) {
    unlink(path);
    return false;
  }
  tophash_watch.header = (void *)bytes;
  owners = (void *)(bytes + OWNERS_OFFSET);
  stacks = (void *)(bytes + STACKS_OFFSET);
  hits = (void *)(bytes + HITS_OFFSET);
  return true;
}

uint64_t tophash_watch_identity(void) {
  uint64_t owner = tophash_owner_identity(tophash_self.owner);
  return owner != 0 && !(owner & 1) ? owner : ((uint64_t)&tophash_self | 1);
}

static uint64_t mixed(uint64_t key, uint64_t value) {
  return (key ^ value) * 0x9E3779B97F4A7C15ull ^ (key >> 29);
}

// MARK: Owners

static uint32_t owner_index(void) {
  uint32_t tid = (uint32_t)syscall(SYS_gettid);
  uint64_t identity = tophash_watch_identity();
  bool is_task = !(identity & 1);
  uint64_t task_id = is_task ? tophash_task_id(tophash_self.owner) : 0;
  const char *label =
      tophash_runtime.queue_label != NULL ? tophash_runtime.queue_label(NULL) : NULL;
  uint64_t key = mixed(mixed(mixed(tid, is_task ? identity : 0), task_id), (uint64_t)label) | 1;
  uint32_t index = (uint32_t)(key >> 40) % TOPHASH_WATCH_OWNERS;
  for (int probe = 0; probe < 64; probe++, index = (index + 1) % TOPHASH_WATCH_OWNERS) {
    struct tophash_watch_owner *owner = &owners[index];
    uint64_t found = 0;
    if (__atomic_compare_exchange_n(&owner->key, &found, key, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED)) {
      struct tophash_side side = {.flags = is_task ? TOPHASH_SIDE_TASK : 0};
      tophash_task_describe(&side);
      prctl(PR_GET_NAME, owner->thread_name);
      memcpy(owner->queue_label, side.queue_label, sizeof owner->queue_label);
      memcpy(owner->task_name, side.task_name, sizeof owner->task_name);
      owner->tid = tid;
      owner->task = is_task ? identity : 0;
      owner->task_id = task_id;
      __atomic_store_n(&owner->is_complete, 1, __ATOMIC_RELEASE);
      return index;
    }
    if (found == key) return index;
  }
  return TOPHASH_WATCH_NONE;
}

// MARK: Stacks

bool tophash_watch_is_in_image(uint64_t address) {
  uint32_t count = __atomic_load_n(&tophash_events.header->image_count, __ATOMIC_ACQUIRE);
  for (uint32_t i = 0; i < count && i < TOPHASH_IMAGES; i++)
    if (address >= tophash_events.images[i].low && address < tophash_events.images[i].high)
      return true;
  return false;
}

static uint32_t stack_index(const struct tophash_watch_place *place) {
  uint64_t frames[TOPHASH_WATCH_FRAMES], context, top = 0;
  frames[0] = place->pc;
  uint32_t count = 1 + tophash_stack_walk(place->pc, place->frame_pointer, frames + 1,
                                          TOPHASH_WATCH_FRAMES - 1, &context);
  uint64_t async_frames[TOPHASH_ASYNC_FRAMES];
  uint32_t async_count = tophash_stack_walk_async(context, async_frames, TOPHASH_ASYNC_FRAMES);
  uint64_t key = 0;
  for (uint32_t i = 0; i < count; i++) key = mixed(key, frames[i]);
  for (uint32_t i = 0; i < async_count; i++) key = mixed(key, async_frames[i]);
  key = mixed(key, place->salt);
  // A function without a frame of its own has its caller here.
  tophash_memory_read(place->stack_pointer, &top, sizeof top);
  if (tophash_watch_is_in_image(top)) key = mixed(key, top);
  key |= 1;
  uint32_t index = (uint32_t)(key >> 40) % TOPHASH_WATCH_STACKS;
  for (int probe = 0; probe < 64; probe++, index = (index + 1) % TOPHASH_WATCH_STACKS) {
    struct tophash_watch_stack *stack = &stacks[index];
    uint64_t found = 0;
    if (__atomic_compare_exchange_n(&stack->key, &found, key, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED)) {
      stack->frame_count = count;
      stack->async_count = async_count;
      memcpy(stack->frames, frames, count * sizeof *frames);
      memcpy(stack->async_frames, async_frames, async_count * sizeof *async_frames);
      stack->stack_pointer = place->stack_pointer;
      stack->frame_pointer = place->frame_pointer;
      stack->stack_size = (uint32_t)tophash_memory_read(place->stack_pointer, stack->stack,
                                                        sizeof stack->stack);
      __atomic_store_n(&stack->is_complete, 1, __ATOMIC_RELEASE);
      return index;
    }
    if (found == key) return index;
  }
  return TOPHASH_WATCH_NONE;
}

// MARK: Hits

static bool is_passed(void) {
  if (tophash_watch.thread[0] == 0) return false;
  char name[32] = {0};
  prctl(PR_GET_NAME, name);
  return strcmp(name, tophash_watch.thread) != 0;
}

int64_t tophash_watch_record(int slot, const struct tophash_watch_place *place, uint64_t before,
                             uint64_t after, uint32_t flags) {
  struct tophash_watch_header *header = tophash_watch.header;
  if (is_passed()) {
    __atomic_fetch_add(&header->passed, 1, __ATOMIC_RELAXED);
    return -1;
  }
  uint64_t now = tophash_now_ns();
  if (!tophash_watch_admits(now)) return -1;
  uint64_t number = __atomic_fetch_add(&header->hits, 1, __ATOMIC_RELAXED);
  if (number + 1 >= tophash_watch.limit) tophash_watch_end();
  if (number >= TOPHASH_WATCH_HITS) return -1;
  const struct tophash_watch_slot *source = &header->slot[slot];
  struct tophash_hit *hit = &hits[number];
  hit->time_ns = now;
  hit->address = source->address;
  hit->before = before;
  hit->after = after;
  hit->owner = owner_index();
  hit->stack = stack_index(place);
  hit->target = source->target;
  hit->object = source->number;
  // Release: the record is whole for whoever reads its flags.
  __atomic_store_n(&hit->flags, flags | TOPHASH_HIT_COMPLETE, __ATOMIC_RELEASE);
  return (int64_t)number;
}

// MARK: Start

void tophash_watch_start(const char *session, bool may_patch) {
  if (!tophash_watch_read_targets(session) || !tophash_watch_open(session)) return;
  struct tophash_watch_header *header = tophash_watch.header;
  header->version = TOPHASH_PROTOCOL_VERSION;
  header->is_software = tophash_watch.is_software;
  header->state = TOPHASH_WATCH_ARMED;
  if (tophash_watch.limit == 0 || tophash_watch.limit > TOPHASH_WATCH_HITS)
    tophash_watch.limit = TOPHASH_WATCH_HITS;
  if (!tophash_watch.is_software) tophash_watch_catch_hits();
  if (tophash_watch.is_software || tophash_watch.has_places) {
    // Without it only what other images call is seen: no key paths.
    if (may_patch) tophash_runtime_patch();
    tophash_watch.follows_accesses = true;
  } else if (may_patch) {
    tophash_runtime_pass_accesses();
    tophash_imports_release_for_watch();
  }
  int error = tophash_watch_arm(may_patch);
  if (error != 0) {
    header->state = TOPHASH_WATCH_FORBIDDEN;
    header->error = error;
  }
  __atomic_store_n(&header->magic, TOPHASH_WATCH_MAGIC, __ATOMIC_RELEASE);
}
