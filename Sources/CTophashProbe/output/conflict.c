// What is written down when two accesses meet.
//
// Facts only: addresses, stacks, names that only this process can tell. The
// record is complete before the caller goes on, since going on may crash.

#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tophash_facts.h"
#include "tophash_probe.h"

enum { FREE = 0, WRITING = 1, COMPLETE = 2 };

// Conflicts that were written, by pair of sites: later meetings only count.
#define KNOWN_BITS 9
static struct {
  uint64_t pair;
  uint32_t slot;
} known[1 << KNOWN_BITS];

void tophash_conflict_forget(void) { memset(known, 0, sizeof known); }

/// A site for telling findings apart: the access and its caller, because an
/// accessor that was not inlined serves many callers.
static uint64_t site_key(uint64_t pc, tophash_stack stack) {
  uint64_t caller = 0, frame = tophash_frame_pointer(stack);
  if (frame != 0) tophash_memory_read(frame + sizeof(uint64_t), &caller, sizeof caller);
  return (pc * 0x9E3779B97F4A7C15ull) ^ (caller * 0xC2B2AE3D27D4EB4Full);
}

struct tophash_conflict *tophash_conflict_claim(uint64_t pair) {
  struct tophash_header *header = tophash_events.header;
  __atomic_fetch_add(&header->conflicts_seen, 1, __ATOMIC_RELAXED);
  uint32_t index = (uint32_t)(pair >> (64 - KNOWN_BITS));
  for (int probe = 0; probe < 1 << KNOWN_BITS; probe++) {
    uint64_t found = 0;
    if (__atomic_compare_exchange_n(&known[index].pair, &found, pair, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE)) {
      uint32_t slot = __atomic_fetch_add(&header->conflict_count, 1, __ATOMIC_RELAXED);
      if (slot >= TOPHASH_CONFLICTS) {
        __atomic_fetch_sub(&header->conflict_count, 1, __ATOMIC_RELAXED);
        break;
      }
      __atomic_store_n(&known[index].slot, slot + 1, __ATOMIC_RELEASE);
      return &tophash_events.conflicts[slot];
    }
    if (found == pair) {
      uint32_t slot = __atomic_load_n(&known[index].slot, __ATOMIC_ACQUIRE);
      if (slot != 0)
        __atomic_fetch_add(&tophash_events.conflicts[slot - 1].repeats, 1, __ATOMIC_RELAXED);
      return NULL;
    }
    index = (index + 1) & ((1 << KNOWN_BITS) - 1);
  }
  __atomic_fetch_add(&header->conflicts_dropped, 1, __ATOMIC_RELAXED);
  return NULL;
}

void tophash_thread_name(uint32_t tid, char *into, size_t capacity) {
  char path[64];
  snprintf(path, sizeof path, "/proc/self/task/%u/comm", tid);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  ssize_t size = read(file, into, capacity - 1);
  close(file);
  if (size < 0) size = 0;
  into[size] = 0;
  if (size > 0 && into[size - 1] == '\n') into[size - 1] = 0;
}

static void describe(struct tophash_side *side, const struct tophash_access *access, uint64_t pc) {
  memset(side, 0, sizeof *side);
  side->pc = pc;
  side->owner = tophash_owner_identity(access->owner);
  side->tid = tophash_thread_id(access->owner);
  if (tophash_access_modifies(access->key)) side->flags |= TOPHASH_SIDE_MODIFY;
  if (!(access->owner & 1)) side->flags |= TOPHASH_SIDE_TASK;
  if (access->stack & TOPHASH_MARK_HELD) side->flags |= TOPHASH_SIDE_HELD;
  side->task_id = tophash_task_id(access->owner);
  tophash_thread_name(side->tid, side->thread_name, sizeof side->thread_name);
  side->frames[0] = pc;
  side->frame_count = 1;
}

static void describe_stack(struct tophash_side *side, tophash_stack stack) {
  uint64_t context;
  side->stack_pointer = tophash_stack_pointer(stack);
  side->frame_pointer = tophash_frame_pointer(stack);
  side->stack_size =
      (uint32_t)tophash_memory_read(side->stack_pointer, side->stack, sizeof side->stack);
  side->frame_count = 1 + tophash_stack_walk(side->pc, side->frame_pointer, side->frames + 1,
                                             TOPHASH_FRAMES - 1, &context);
  side->async_count = tophash_stack_walk_async(context, side->async_frames, TOPHASH_ASYNC_FRAMES);
}

/// Waits until the tool has judged a conflict, or has had time enough.
static void await_verdict(struct tophash_conflict *record) {
  for (int tries = 0; tries < 1000; tries++) {
    if (__atomic_load_n(&record->verdict, __ATOMIC_ACQUIRE) != 0) return;
    struct timespec wait = {.tv_nsec = 10000000};
    syscall(SYS_nanosleep, &wait, (void *)0);
  }
}

TOPHASH_COLD void tophash_conflict_caught(struct tophash_access *slot, uint64_t key,
                                          const struct tophash_access *mine, uint64_t pc) {
  struct tophash_access other;
  if (!tophash_overlap_read(slot, key, &other)) return;  // over before it could be looked at
  // The same buffer cannot be open twice: the other access is a leftover of
  // code that was left by a jump.
  if (other.buffer == mine->buffer) {
    tophash_overlap_discard(slot, &other);
    return;
  }
  if (tophash_owner_identity(other.owner) == tophash_owner_identity(mine->owner)) return;
  // The runtime wrote the address and the site of an open access into its
  // buffer. If something else is there now, the access ended unseen.
  uint64_t buffer[2];
  uint64_t address = tophash_access_address(key);
  if (tophash_memory_read(other.buffer, buffer, sizeof buffer) != sizeof buffer ||
      buffer[0] != address) {
    if (tophash_overlap_is_open(slot, &other)) tophash_overlap_discard(slot, &other);
    return;
  }
  // Tells the other side that it was caught, so that it adds what only it knows.
  __atomic_fetch_or(&slot->stack, TOPHASH_MARK_CAUGHT, __ATOMIC_RELAXED);

  uint64_t other_site = site_key(buffer[1], other.stack), my_site = site_key(pc, mine->stack);
  struct tophash_conflict *record = tophash_conflict_claim((other_site ^ my_site) | 1);
  if (record == NULL) return;
  __atomic_store_n(&record->state, WRITING, __ATOMIC_RELAXED);
  record->time_ns = tophash_now_ns();
  record->address = address;
  record->proof = TOPHASH_PROOF_OVERLAP;

  // The other side first: it may end at any moment.
  struct tophash_side *first = &record->sides[0], *second = &record->sides[1];
  describe(first, &other, buffer[1]);
  // An access that stays open while its task is suspended has no stack now.
  if (tophash_owner_on_thread(other.owner) == other.owner) {
    describe_stack(first, other.stack);
    if (tophash_overlap_is_open(slot, &other)) first->flags |= TOPHASH_SIDE_STABLE;
  } else {
    first->flags |= TOPHASH_SIDE_SUSPENDED;
  }

  describe(second, mine, pc);
  describe_stack(second, mine->stack);
  tophash_task_describe(second);
  second->flags |= TOPHASH_SIDE_STABLE | TOPHASH_SIDE_AMENDED;

  record->snapshot_size =
      tophash_snapshot_collect(address, record->snapshot, sizeof record->snapshot);
  tophash_events_note_images();
  // Release: the record is whole for whoever reads this state. The process may
  // crash at the next instruction of the program.
  __atomic_store_n(&record->state, COMPLETE, __ATOMIC_RELEASE);
  if (tophash_process.halt) await_verdict(record);
}

TOPHASH_COLD void tophash_conflict_amend(uint64_t pc, tophash_owner owner) {
  uint32_t count = __atomic_load_n(&tophash_events.header->conflict_count, __ATOMIC_RELAXED);
  for (uint32_t i = 0; i < count && i < TOPHASH_CONFLICTS; i++) {
    struct tophash_conflict *record = &tophash_events.conflicts[i];
    struct tophash_side *side = &record->sides[0];
    if (__atomic_load_n(&record->state, __ATOMIC_ACQUIRE) != COMPLETE) continue;
    if (side->pc != pc || side->owner != tophash_owner_identity(owner)) continue;
    if (__atomic_load_n(&side->flags, __ATOMIC_RELAXED) & TOPHASH_SIDE_AMENDED) continue;
    tophash_task_describe(side);
    // Release: the names are whole for whoever reads this flag.
    __atomic_fetch_or(&side->flags, TOPHASH_SIDE_AMENDED, __ATOMIC_RELEASE);
  }
}
