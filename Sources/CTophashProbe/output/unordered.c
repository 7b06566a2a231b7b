// What is written down when clocks find two accesses that nothing orders.
//
// The earlier one is over: of it there is the stack that was kept, and who ran.

#include <string.h>

#include "../hooks/strands.h"
#include "tophash_facts.h"
#include "tophash_probe.h"

enum { WRITING = 1, COMPLETE = 2 };

// Proven conflicts must always find a place: candidates take up at most these.
#define RECORDS (TOPHASH_CONFLICTS * 3 / 4)

/// A site for telling findings apart: the access and its caller.
static uint64_t site_key(const struct tophash_kept_stack *stack, bool modified) {
  uint64_t caller = stack->count > 1 ? stack->frames[1] : 0;
  return (stack->frames[0] * 0x9E3779B97F4A7C15ull) ^ (caller * 0xC2B2AE3D27D4EB4Full) ^ modified;
}

static void describe_stack(struct tophash_side *side, const struct tophash_kept_stack *stack) {
  side->pc = stack->frames[0];
  side->frame_count = stack->count;
  memcpy(side->frames, stack->frames, stack->count * sizeof *stack->frames);
}

static void describe_run(struct tophash_side *side, const struct tophash_run *run) {
  side->owner = tophash_owner_identity(run->owner);
  side->tid = run->tid;
  side->task_id = run->task_id;
  side->scope = run->scope;
  memcpy(side->queue_label, run->label, sizeof run->label);
  if (run->label[0] != 0)
    side->flags |= TOPHASH_SIDE_ITEM;
  else if (!(run->owner & 1))
    side->flags |= TOPHASH_SIDE_TASK;
  tophash_thread_name(side->tid, side->thread_name, sizeof side->thread_name);
}

TOPHASH_COLD void tophash_conflict_unordered(uint64_t address, bool modifies, uint32_t stack,
                                             uint64_t context,
                                             const struct tophash_unordered *found) {
  const struct tophash_clocks *clocks = tophash_process.clocks;
  const struct tophash_kept_stack *mine = tophash_clocks_stack(clocks, stack);
  const struct tophash_kept_stack *earlier =
      tophash_clocks_stack(clocks, tophash_event_stack(found->earlier));
  // Nobody can use a finding without its places.
  if (mine == NULL || earlier == NULL || tophash_events_is_lock(address)) return;
  if (__atomic_load_n(&tophash_events.header->conflict_count, __ATOMIC_RELAXED) >= RECORDS) return;
  // Another constant than for proven ones: proof must not count as a repetition.
  uint64_t pair = site_key(mine, modifies) ^ site_key(earlier, found->modified);
  struct tophash_run run;
  bool is_named = tophash_clocks_run_of(clocks, found->earlier, &run);
  pair ^= tophash_scope_pair(is_named ? run.scope : 0, tophash_scope_current());
  struct tophash_conflict *record = tophash_conflict_claim((pair ^ 0x4F1C09AB00000000ull) | 1);
  if (record == NULL) return;
  // What is only suspected is held from now on: to prove it, or to see who waits.
  tophash_traps_suspect(tophash_process.traps, mine->frames[0]);
  tophash_traps_suspect(tophash_process.traps, earlier->frames[0]);

  tophash_self.reporting = true;
  struct tophash_interrupted before = tophash_cold_begin();
  __atomic_store_n(&record->state, WRITING, __ATOMIC_RELAXED);
  record->time_ns = tophash_now_ns();
  record->address = address;
  record->proof = TOPHASH_PROOF_UNORDERED;
  record->flags = 0;
  struct tophash_side *first = &record->sides[0], *second = &record->sides[1];
  memset(first, 0, sizeof *first);
  memset(second, 0, sizeof *second);

  first->flags = TOPHASH_SIDE_STABLE | (found->modified ? TOPHASH_SIDE_MODIFY : 0);
  describe_stack(first, earlier);
  if (is_named)
    describe_run(first, &run);
  else
    first->flags |= TOPHASH_SIDE_UNNAMED;

  second->flags =
      TOPHASH_SIDE_STABLE | TOPHASH_SIDE_AMENDED | (modifies ? TOPHASH_SIDE_MODIFY : 0);
  describe_stack(second, mine);
  second->async_count = tophash_stack_walk_async(context, second->async_frames, TOPHASH_ASYNC_FRAMES);
  struct tophash_strand *strand = tophash_strands.current;
  tophash_event now = (uint64_t)strand->clock.times[strand->slot] << 32 | strand->slot;
  if (tophash_clocks_run_of(clocks, now, &run)) describe_run(second, &run);
  tophash_task_describe(second);

  record->snapshot_size =
      tophash_snapshot_collect(address, record->snapshot, sizeof record->snapshot);
  tophash_events_note_images();
  // Release: the record is whole for whoever reads this state.
  __atomic_store_n(&record->state, COMPLETE, __ATOMIC_RELEASE);
  tophash_cold_end(before);
  tophash_self.reporting = false;
}
