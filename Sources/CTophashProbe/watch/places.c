// Variables without a name: what a closure captured, above all. A finding knows the
// places that access one; whatever is accessed there first is the variable, until the
// object ends in which it lies.

#include "tophash_facts.h"
#include "watch.h"

#define PLACES 32

static struct {
  uint64_t pc;
  uint32_t target;
} places[PLACES];
static uint32_t count;

void tophash_watch_add_place(uint32_t target, uint64_t pc) {
  if (count == PLACES) return;
  places[count].pc = pc;
  places[count++].target = target;
}

/// The heap object around an address; 0 when there is none. With the slots locked.
static uint64_t object_around(uint64_t address) {
  static uint8_t snapshot[512];
  struct {
    uint64_t address;
    uint32_t size, kind;
  } piece;
  uint32_t size = tophash_snapshot_collect(address, snapshot, sizeof snapshot);
  for (uint32_t at = 0; at + sizeof piece <= size;) {
    __builtin_memcpy(&piece, snapshot + at, sizeof piece);
    if (piece.kind == TOPHASH_SNAPSHOT_OBJECT) {
      // The allocator's word before a block tells it from an object on a stack, which
      // nobody frees.
      uint64_t block = tophash_watch_value(piece.address - 8, 8) & ~7ull;
      bool is_block = piece.address % 16 == 0 && block % 16 == 0 && block >= 32;
      return is_block && address - piece.address < block ? piece.address : 0;
    }
    at += (uint32_t)sizeof piece + ((piece.size + 7) & ~7u);
  }
  return 0;
}

TOPHASH_COLD static void found(uint32_t index, uint64_t address) {
  struct tophash_interrupted before = tophash_cold_begin();
  struct tophash_watch_header *header = tophash_watch.header;
  const struct tophash_watch_target *target = &tophash_watch.targets[index];
  tophash_watch_lock();
  // Again: another thread may have been faster.
  if (tophash_watch_slot_at(address) < 0 && !tophash_watch_is_over()) {
    uint64_t object = object_around(address);
    int slot = tophash_watch_free_slot();
    bool is_static = object == 0 && tophash_watch_is_in_image(address);
    if (object == 0 && !is_static) {
      header->stray++;
    } else if (slot < 0) {
      header->crowded++;
    } else {
      uint32_t number = ++header->objects[index];
      bool is_wanted = tophash_watch.object == 0 || tophash_watch.object == number;
      uint32_t length = tophash_watch_length(address, target->length);
      if (is_wanted &&
          tophash_watch_occupy((uint32_t)slot, index, address, length, object, number))
        header->watched[index]++;
    }
  }
  tophash_watch_unlock();
  tophash_cold_end(before);
}

void tophash_watch_look_at(uint64_t address, uint64_t pc) {
  for (uint32_t i = 0; i < count; i++)
    if (tophash_unlikely(places[i].pc == pc) && tophash_watch_slot_at(address) < 0)
      return found(places[i].target, address);
}
