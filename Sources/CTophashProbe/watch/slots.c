// The addresses that are watched now. A global is there from the start, and whoever
// else learns where something is takes a slot that is free.

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "tophash_facts.h"
#include "tophash_watchpoint.h"
#include "watch.h"

static int watchpoints[TOPHASH_WATCH_SLOTS];
static uint32_t count;  // of watchpoints
uint32_t tophash_watch_objects;
static pthread_mutex_t changing = PTHREAD_MUTEX_INITIALIZER;

void tophash_watch_lock(void) { pthread_mutex_lock(&changing); }
void tophash_watch_unlock(void) { pthread_mutex_unlock(&changing); }

uint32_t tophash_watch_slots(void) { return count; }

bool tophash_watch_is_over(void) {
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

uint32_t tophash_watch_length(uint64_t address, uint64_t size) {
  uint32_t length = 8;
  while (length > 1 && (length > size || address % length != 0)) length /= 2;
  return length;
}

bool tophash_watch_occupy(uint32_t slot, uint32_t target, uint64_t address, uint32_t length,
                          uint64_t object, uint32_t number) {
  struct tophash_watch_slot *place = &tophash_watch.header->slot[slot];
  uint32_t generation = place->generation + 1;
  // Not for an entry that has moved.
  if (object != 0 && place->object == 0)
    __atomic_fetch_add(&tophash_watch_objects, 1, __ATOMIC_RELAXED);
  *place = (struct tophash_watch_slot){
      .object = object, .target = target, .length = length, .number = number,
      .latest = tophash_watch_value(address, length), .generation = generation,
      .is_entry = tophash_watch.targets[target].key != NULL};
  // Release: whoever finds the address finds the rest.
  __atomic_store_n(&place->address, address, __ATOMIC_RELEASE);
  if (tophash_watch.is_software) return true;
  int error = tophash_watchpoint_arm(watchpoints[slot], address, length, tophash_watch.reads,
                                     data_of(slot, generation));
  if (error == 0) return true;
  tophash_watch_vacate(slot);
  tophash_watch.header->error = -error;
  return false;
}

void tophash_watch_disarm(uint32_t slot) {
  if (!tophash_watch.is_software) tophash_watchpoint_disarm(watchpoints[slot]);
  __atomic_store_n(&tophash_watch.header->slot[slot].address, 0, __ATOMIC_RELEASE);
}

void tophash_watch_vacate(uint32_t slot) {
  struct tophash_watch_slot *place = &tophash_watch.header->slot[slot];
  tophash_watch_disarm(slot);
  if (place->object != 0) __atomic_fetch_sub(&tophash_watch_objects, 1, __ATOMIC_RELAXED);
  place->object = 0;
}

int tophash_watch_free_slot(void) {
  for (uint32_t i = 0; i < count; i++) {
    const struct tophash_watch_slot *place = &tophash_watch.header->slot[i];
    if (place->address == 0 && place->object == 0) return (int)i;
  }
  return -1;
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
    for (uint32_t i = 0; i < count && !tophash_watch_is_over(); i++) {
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
  if (tophash_watch_is_over()) return false;
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
    if (target->kind != TOPHASH_WATCH_GLOBAL || target->key != NULL) continue;
    if (!tophash_watch_occupy(globals++, i, target->address, target->length, 0, 0))
      return header->error;
    header->watched[i]++;
  }
  bool follows = (!tophash_watch.has_properties || (may_patch && tophash_watch_follow_objects())) &&
                 (!tophash_watch.has_places || (may_patch && tophash_watch_follow_boxes()));
  if (!follows)
    header->state = TOPHASH_WATCH_NO_OBJECTS;
  if (tophash_watch.rate != 0 && !tophash_watch.is_software) {
    pthread_t pacer;
    if (pthread_create(&pacer, NULL, pace, NULL) != 0) tophash_watch.rate = 0;
  }
  return 0;
}

void tophash_watch_forked(void) {
  if (tophash_watch.header == NULL) return;
  // The file and the watchpoints are the parent's; a lock may be one's who is gone.
  static struct tophash_watch_header nothing;
  nothing.is_over = 1;
  tophash_watch.header = &nothing;
  tophash_watch_objects = 0;
  count = 0;
  pthread_mutex_init(&changing, NULL);
}

void tophash_watch_stop(void) {
  if (tophash_watch.header == NULL) return;
  uint64_t sum = 0;
  if (!tophash_watch.is_software)
    for (uint32_t i = 0; i < count; i++) sum += tophash_watchpoint_count(watchpoints[i]);
  tophash_watch.header->counted = sum;
}
