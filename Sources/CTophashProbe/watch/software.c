// The way without the processor: through the runtime's checks, as far as the
// compiler left them in.

#include "watch.h"

#define FLAG_MODIFY 0x01
#define FLAG_TRACKED 0x20
#define PENDING 16

// Accesses of this thread that began and did not end: what was there before. One
// that is suspended and ends on another thread is found there by nobody, and told
// without what it changed.
static __thread struct {
  uint64_t buffer;
  uint64_t before;
  struct tophash_watch_place place;
  int slot;
} pending[PENDING] __attribute__((tls_model("initial-exec")));

TOPHASH_COLD static void begin(int slot, uint64_t buffer, uintptr_t flags,
                               struct tophash_watch_place place) {
  if (!(flags & FLAG_MODIFY) && !tophash_watch.reads) return;
  struct tophash_interrupted before = tophash_cold_begin();
  const struct tophash_watch_slot *source = &tophash_watch.header->slot[slot];
  uint64_t value = tophash_watch_value(source->address, source->length);
  uint32_t kind = TOPHASH_HIT_ANNOUNCED | (flags & FLAG_MODIFY ? TOPHASH_HIT_MODIFY : 0);
  bool has_end = (flags & FLAG_TRACKED) && (flags & FLAG_MODIFY);
  int free = -1;
  for (int i = 0; has_end && i < PENDING && free < 0; i++)
    if (pending[i].buffer == 0) free = i;
  if (free >= 0) {
    pending[free].before = value;
    pending[free].place = place;
    pending[free].slot = slot;
    pending[free].buffer = buffer;
  } else {
    if (flags & FLAG_MODIFY) kind |= TOPHASH_HIT_INSTANTANEOUS;
    tophash_watch_record(slot, &place, value, value, kind);
  }
  tophash_cold_end(before);
}

void tophash_watch_access_begin(uint64_t address, uint64_t buffer, uintptr_t flags,
                         struct tophash_watch_place place) {
  if (tophash_watch.has_places) tophash_watch_look_at(address, place.pc);
  if (!tophash_watch.is_software) return;
  int slot = tophash_watch_slot_at(address);
  if (slot >= 0 && slot < TOPHASH_WATCH_SLOTS) begin(slot, buffer, flags, place);
}

TOPHASH_COLD static void end(int index) {
  struct tophash_interrupted before = tophash_cold_begin();
  int slot = pending[index].slot;
  struct tophash_watch_slot *source = &tophash_watch.header->slot[slot];
  uint64_t value = tophash_watch_value(source->address, source->length);
  source->latest = value;
  tophash_watch_record(slot, &pending[index].place, pending[index].before, value,
                       TOPHASH_HIT_ANNOUNCED | TOPHASH_HIT_MODIFY);
  pending[index].buffer = 0;
  tophash_cold_end(before);
}

void tophash_watch_access_end(uint64_t buffer) {
  for (int i = 0; i < PENDING; i++)
    if (pending[i].buffer == buffer) return end(i);
}
