// Entries of dictionaries of ours, by key.
//
// An entry has no address that stays: it moves when the table grows. The dictionary
// says where it is. While an entry is watched it asks, with each of its changes,
// whether the key is one of its own, and tells where its value lies and where the
// control bytes of its bucket. Look-ups ask nothing.

#include "tophash_facts.h"
#include "watch.h"

#define HOLDERS 16

// Objects with a property that holds the dictionary; those of which the number of
// the object is wanted.
static struct {
  uint64_t address, object;  // `object` 0: free
  uint32_t target, number;
} holders[HOLDERS];

void tophash_watch_add_holder(uint32_t target, uint64_t address, uint64_t object, uint32_t number) {
  for (int i = 0; i < HOLDERS; i++) {
    if (holders[i].object != 0) continue;
    holders[i].address = address;
    holders[i].target = target;
    holders[i].number = number;
    // Release: whoever frees it finds it here.
    __atomic_store_n(&holders[i].object, object, __ATOMIC_RELEASE);
    __atomic_fetch_add(&tophash_watch_objects, 1, __ATOMIC_RELAXED);
    return;
  }
  tophash_watch.header->crowded++;
}

bool tophash_watch_is_holder(uint64_t object) {
  for (int i = 0; i < HOLDERS; i++)
    if (__atomic_load_n(&holders[i].object, __ATOMIC_RELAXED) == object) return true;
  return false;
}

void tophash_watch_remove_holders(uint64_t object) {
  for (int i = 0; i < HOLDERS; i++) {
    if (holders[i].object != object) continue;
    __atomic_store_n(&holders[i].object, 0, __ATOMIC_RELAXED);
    __atomic_fetch_sub(&tophash_watch_objects, 1, __ATOMIC_RELAXED);
  }
}

// MARK: Which dictionary

static bool holds(uint64_t address, uint64_t dictionary) {
  // The slow way only where a look would be a hit.
  uint64_t held = tophash_watch.reads ? tophash_watch_value(address, 8)
                                      : __atomic_load_n((uint64_t *)address, __ATOMIC_RELAXED);
  return held == dictionary;
}

/// Whether the dictionary is what the variable holds. `number` becomes the object's. With the
/// slots locked: a holder is not freed meanwhile.
static bool is_meant(uint32_t index, uint64_t dictionary, uint32_t *number) {
  const struct tophash_watch_target *target = &tophash_watch.targets[index];
  *number = 0;
  switch (target->kind) {
    case TOPHASH_WATCH_ANY: return true;
    case TOPHASH_WATCH_GLOBAL: return holds(target->address, dictionary);
    case TOPHASH_WATCH_PROPERTY:
      for (int i = 0; i < HOLDERS; i++) {
        if (holders[i].object == 0 || holders[i].target != index) continue;
        *number = holders[i].number;
        if (holds(holders[i].address, dictionary)) return true;
      }
      return false;
    case TOPHASH_WATCH_PLACES: return false;
  }
  return false;
}

static int slot_of(uint32_t index, uint64_t dictionary) {
  for (uint32_t i = 0; i < tophash_watch_slots(); i++) {
    const struct tophash_watch_slot *slot = &tophash_watch.header->slot[i];
    if (slot->object == dictionary && slot->target == index && slot->is_entry) return (int)i;
  }
  return -1;
}

// MARK: Where its entry is

static void tell(int slot, const struct tophash_watch_place *place, uint64_t before, uint64_t after,
                 uint32_t flags) {
  tophash_watch_record(slot, place, before, after,
                       TOPHASH_HIT_ANNOUNCED | TOPHASH_HIT_MODIFY | flags);
}

/// The entry was not there when the dictionary was last looked at.
static void appear(uint32_t index, uint64_t dictionary, uint64_t address, uint32_t length,
                   uint32_t number, const struct tophash_watch_place *place, bool is_change) {
  struct tophash_watch_header *header = tophash_watch.header;
  int slot = tophash_watch_free_slot();
  if (slot < 0) {
    header->crowded++;
    return;
  }
  // Of those that no object holds, each dictionary is one.
  bool is_any = tophash_watch.targets[index].kind == TOPHASH_WATCH_ANY;
  if (is_any) number = ++header->objects[index];
  if (!tophash_watch_occupy((uint32_t)slot, index, address, length, dictionary, number)) return;
  header->watched[index]++;
  uint64_t value = header->slot[slot].latest;
  if (is_change) tell(slot, place, value, value, TOPHASH_HIT_INSERTED);
}

static void vanish(int slot, const struct tophash_watch_place *place, bool is_change) {
  uint64_t value = tophash_watch.header->slot[slot].latest;
  if (is_change) tell(slot, place, value, value, TOPHASH_HIT_REMOVED);
  tophash_watch_vacate((uint32_t)slot);
}

/// The entry is where it was, or has moved. What changed it is known already, but for a change
/// that no watchpoint saw.
static void follow(int slot, uint64_t address, uint32_t length,
                   const struct tophash_watch_place *place) {
  struct tophash_watch_slot *source = &tophash_watch.header->slot[slot];
  uint64_t before = source->latest;
  if (source->address != address) {
    // Where it was disarmed for a while it comes back to a place, and has not moved.
    if (source->address != 0) tophash_watch.header->moves++;
    if (!tophash_watch_occupy((uint32_t)slot, source->target, address, length, source->object,
                              source->number))
      return;
  }
  uint64_t after = tophash_watch_value(address, length);
  if (after == before) return;
  source->latest = after;
  tell(slot, place, before, after, 0);
}

// MARK: What the library calls

enum moment {
  BEFORE_CHANGE = 0,
  AFTER_CHANGE = 1,
  MOVING = 2,  // its memory may go before the change is over
  GONE = 3,    // the dictionary ends
  NO_KEY = 4,  // the text says no key of its type
};

/// Whether anything is to be told at all.
TOPHASH_EXPORT bool tophash_watch_has_keys(void) {
  return tophash_watch.header != NULL && tophash_watch.has_keys && !tophash_watch_is_over();
}

/// What the key reads like that is watched in `dictionary` for the variable `index`, from 0 on; NULL
/// when there is none.
TOPHASH_EXPORT const char *tophash_watch_key(uint64_t dictionary, uint32_t index) {
  if (tophash_watch.header == NULL || index >= tophash_watch.target_count) return NULL;
  const char *key = tophash_watch.targets[index].key;
  if (key == NULL) return NULL;
  uint32_t number;
  tophash_watch_lock();
  bool wanted = is_meant(index, dictionary, &number);
  int slot = wanted ? -1 : slot_of(index, dictionary);
  // The variable holds another one by now.
  if (slot >= 0) tophash_watch_vacate((uint32_t)slot);
  tophash_watch_unlock();
  return wanted ? key : NULL;
}

/// Where the entry is: its value of `size` bytes (0: there is none), and the control bytes of its
/// bucket (0: there is no table). `salt` stands for the place at which the change began.
TOPHASH_EXPORT __attribute__((noinline)) void tophash_watch_entry(
    uint64_t dictionary, uint32_t index, uint64_t value, uint64_t size, uint64_t control,
    uint32_t moment, uint64_t salt) {
  // After the limit an entry that moves is not to be armed again.
  if (tophash_watch.header == NULL || tophash_watch_is_over()) return;
  if (index >= tophash_watch.target_count) return;
  const uint64_t *frame = __builtin_frame_address(0);
  struct tophash_watch_place place = {
      .pc = frame[1], .frame_pointer = frame[0], .stack_pointer = (uint64_t)(frame + 2),
      .salt = salt};
  const struct tophash_watch_target *target = &tophash_watch.targets[index];
  // A value without bytes has a place that is another's.
  bool is_control = target->is_control || (value != 0 && size == 0);
  uint64_t address = is_control ? control : value;
  uint32_t length = tophash_watch_length(address, is_control ? 8 : size);
  struct tophash_interrupted before = tophash_cold_begin();
  tophash_watch_lock();
  int slot = slot_of(index, dictionary);
  if (moment == NO_KEY) {
    tophash_watch.header->no_keys |= 1u << index;
  } else if (moment == MOVING || moment == GONE) {
    if (slot >= 0 && moment == MOVING) tophash_watch_disarm((uint32_t)slot);
    if (slot >= 0 && moment == GONE) tophash_watch_vacate((uint32_t)slot);
  } else if (address == 0) {
    if (slot >= 0) vanish(slot, &place, moment == AFTER_CHANGE);
  } else if (slot >= 0) {
    follow(slot, address, length, &place);
  } else {
    uint32_t number;
    if (is_meant(index, dictionary, &number))
      appear(index, dictionary, address, length, number, &place, moment == AFTER_CHANGE);
  }
  tophash_watch_unlock();
  tophash_cold_end(before);
}
