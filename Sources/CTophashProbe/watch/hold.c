// Holding whoever changed a variable, for a moment, so that the other side comes
// along. Who comes meanwhile was not ordered after the change, since the one who made
// it has not got any further; nor before it, since it was made already. So it is
// proven, like two accesses that are open at once.

#define _GNU_SOURCE
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tophash_facts.h"
#include "watch.h"

// Of `owner` below: 0 nobody; else who is held, or that somebody is busy with the side.
#define BUSY 2ull

static struct {
  uint64_t owner;
  uint64_t caught;  // slept on
  struct tophash_side side;
} held[TOPHASH_WATCH_SLOTS];

static void describe(struct tophash_side *side, const struct tophash_watch_place *place,
                     bool changed) {
  uint64_t context, identity = tophash_watch_identity();
  bool is_task = !(identity & 1);
  memset(side, 0, sizeof *side);
  side->pc = side->frames[0] = place->pc;
  side->owner = identity;
  side->tid = (uint32_t)syscall(SYS_gettid);
  side->task_id = is_task ? tophash_task_id(tophash_self.owner) : 0;
  side->flags = (changed ? TOPHASH_SIDE_MODIFY : 0) | (is_task ? TOPHASH_SIDE_TASK : 0) |
                TOPHASH_SIDE_STABLE | TOPHASH_SIDE_AMENDED;
  tophash_thread_name(side->tid, side->thread_name, sizeof side->thread_name);
  tophash_task_describe(side);
  side->stack_pointer = place->stack_pointer;
  side->frame_pointer = place->frame_pointer;
  side->stack_size =
      (uint32_t)tophash_memory_read(side->stack_pointer, side->stack, sizeof side->stack);
  side->frame_count = 1 + tophash_stack_walk(place->pc, place->frame_pointer, side->frames + 1,
                                             TOPHASH_FRAMES - 1, &context);
  side->async_count = tophash_stack_walk_async(context, side->async_frames, TOPHASH_ASYNC_FRAMES);
}

/// The other side came while `holder` is held in `slot`.
static void caught(int slot, uint64_t holder, const struct tophash_watch_place *place,
                   bool changed) {
  // Whoever is held does not leave while its side is looked at.
  if (!__atomic_compare_exchange_n(&held[slot].owner, &holder, BUSY, false, __ATOMIC_ACQUIRE,
                                   __ATOMIC_RELAXED))
    return;
  uint64_t pair = held[slot].side.pc * 0x9E3779B97F4A7C15ull ^ place->pc * 0x9E3779B97F4A7C15ull;
  struct tophash_conflict *record = tophash_conflict_claim(pair | 1);
  if (record != NULL) {
    __atomic_store_n(&record->state, 1, __ATOMIC_RELAXED);
    record->proof = TOPHASH_PROOF_OVERLAP;
    record->sides[0] = held[slot].side;
    record->sides[0].flags |= TOPHASH_SIDE_HELD;
    describe(&record->sides[1], place, changed);
    record->time_ns = tophash_now_ns();
    record->address = tophash_watch.header->slot[slot].address;
    record->subject = TOPHASH_SUBJECT_VARIABLE;
    record->snapshot_size = tophash_snapshot_collect(record->address, record->snapshot,
                                                     sizeof record->snapshot);
    tophash_events_note_images();
    // Release: the record is whole for whoever reads this state.
    __atomic_store_n(&record->state, 2, __ATOMIC_RELEASE);
  }
  __atomic_store_n(&held[slot].caught, 1, __ATOMIC_RELAXED);
  // Release: whoever is held leaves after this.
  __atomic_store_n(&held[slot].owner, holder, __ATOMIC_RELEASE);
  tophash_wake(&held[slot].caught);
}

/// A tenth of the run time, and a tenth of a second to begin with.
static bool is_within_budget(uint64_t now_ns) {
  uint64_t spent = __atomic_load_n(&tophash_watch.header->held_ns, __ATOMIC_RELAXED);
  return spent < 100000000 + (now_ns - tophash_events.header->start_ns) / 10;
}

void tophash_watch_hold(int slot, const struct tophash_watch_place *place, bool changed) {
  uint64_t me = tophash_watch_identity();
  uint64_t holder = __atomic_load_n(&held[slot].owner, __ATOMIC_ACQUIRE);
  if (holder > BUSY && holder != me) return caught(slot, holder, place, changed);
  uint64_t start = tophash_now_ns(), now = start, nobody = 0;
  if (!changed || holder != 0 || !is_within_budget(start)) return;
  if (!__atomic_compare_exchange_n(&held[slot].owner, &nobody, BUSY, false, __ATOMIC_ACQUIRE,
                                   __ATOMIC_RELAXED))
    return;
  describe(&held[slot].side, place, changed);
  __atomic_store_n(&held[slot].caught, 0, __ATOMIC_RELAXED);
  // Release: whoever finds somebody held finds the side.
  __atomic_store_n(&held[slot].owner, me, __ATOMIC_RELEASE);
  while (now - start < tophash_watch.hold_ns &&
         __atomic_load_n(&held[slot].caught, __ATOMIC_RELAXED) == 0) {
    tophash_sleep(&held[slot].caught, 0, tophash_watch.hold_ns - (now - start));
    now = tophash_now_ns();
  }
  for (uint64_t self = me; !__atomic_compare_exchange_n(&held[slot].owner, &self, 0, false,
                                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
       self = me) {
    static uint64_t nobody_wakes;
    tophash_sleep(&nobody_wakes, 0, 100000);  // until its side was looked at
  }
  __atomic_fetch_add(&tophash_watch.header->holds, 1, __ATOMIC_RELAXED);
  __atomic_fetch_add(&tophash_watch.header->held_ns, tophash_now_ns() - start, __ATOMIC_RELAXED);
}
