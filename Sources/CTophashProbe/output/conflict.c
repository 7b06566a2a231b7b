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
/// accessor that was not inlined serves many callers. Of collections' own code that
/// calls the gate, only the caller is told.
static uint64_t site_key(uint64_t pc, tophash_stack stack) {
  uint64_t site = tophash_stack_site(pc, stack);
  if (site != pc) return site * 0x9E3779B97F4A7C15ull;
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

/// Fills in what is left of a side whose stack was described, if it has one.
static void describe(struct tophash_side *side, const struct tophash_access *access, uint64_t pc) {
  side->pc = pc;
  side->owner = tophash_owner_identity(access->owner);
  side->tid = tophash_thread_id(access->owner);
  if (tophash_access_modifies(access->key)) side->flags |= TOPHASH_SIDE_MODIFY;
  if (!(access->owner & 1)) side->flags |= TOPHASH_SIDE_TASK;
  if (access->stack & TOPHASH_MARK_HELD) side->flags |= TOPHASH_SIDE_HELD;
  tophash_thread_name(side->tid, side->thread_name, sizeof side->thread_name);
  side->frames[0] = pc;
  if (side->frame_count == 0) side->frame_count = 1;
}

/// Reads the stack of the access at `pc`: what may be gone the next moment.
static void describe_stack(struct tophash_side *side, tophash_stack stack, uint64_t pc) {
  uint64_t context;
  side->stack_pointer = tophash_stack_pointer(stack);
  side->frame_pointer = tophash_frame_pointer(stack);
  side->stack_size =
      (uint32_t)tophash_memory_read(side->stack_pointer, side->stack, sizeof side->stack);
  side->frame_count = 1 + tophash_stack_walk(pc, side->frame_pointer, side->frames + 1,
                                             TOPHASH_FRAMES - 1, &context);
  side->async_count = tophash_stack_walk_async(context, side->async_frames, TOPHASH_ASYNC_FRAMES);
}

void tophash_sleep(const uint64_t *word, uint64_t value, uint64_t ns) {
  // Relative to now, and woken early by signals: the caller looks at the clock.
  struct timespec limit = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
  // The lower half of the word, which is where the marks are. Not nanosleep(),
  // which is a cancellation point, and the program has none here.
  syscall(SYS_futex, word, (long)FUTEX_WAIT_PRIVATE, (long)(uint32_t)value, &limit, 0l, 0l);
}

void tophash_wake(const uint64_t *word) {
  syscall(SYS_futex, word, (long)FUTEX_WAKE_PRIVATE, 1l, 0l, 0l, 0l);
}

/// Waits until the tool has judged a conflict, or has had time enough.
static void await_verdict(struct tophash_conflict *record) {
  for (int tries = 0; tries < 1000; tries++) {
    if (__atomic_load_n(&record->verdict, __ATOMIC_ACQUIRE) != 0) return;
    struct timespec wait = {.tv_nsec = 10000000};
    syscall(SYS_nanosleep, &wait, (void *)0);
  }
}

/// The site of an open access, from the buffer that the runtime filled; false
/// when something else is there now: the access ended unseen, or just ended.
static bool read_site(struct tophash_bucket *bucket, int slot, const struct tophash_access *access,
                      uint64_t *site) {
  uint64_t buffer[2];
  bool is_intact = tophash_memory_read(access->buffer, buffer, sizeof buffer) == sizeof buffer &&
                   buffer[0] == tophash_access_address(access->key);
  // Only what was still open after it was read is told: else the site may be
  // that of the function's next access of the variable, which uses the buffer again.
  if (!tophash_overlap_is_open(bucket, slot, access)) return false;
  if (!is_intact) tophash_overlap_discard(bucket, slot, access);
  *site = buffer[1];
  return is_intact;
}

TOPHASH_COLD void tophash_conflict_caught(struct tophash_bucket *bucket, int slot, uint64_t key,
                                          const struct tophash_access *mine, uint64_t pc) {
  struct tophash_access other;
  uint64_t other_pc;
  if (!tophash_overlap_read(bucket, slot, key, &other)) return;  // over before it could be looked at
  // The same buffer cannot be open twice: the other access is a leftover of
  // code that was left by a jump.
  if (other.buffer == mine->buffer) return tophash_overlap_discard(bucket, slot, &other);
  if (tophash_owner_identity(other.owner) == tophash_owner_identity(mine->owner)) return;

  // From here to `let_go` the other side may be waiting: only what can be lost
  // is done in between. The mark also asks it to add what only it knows.
  uint64_t marks = tophash_overlap_hold_back(bucket, slot, &other);
  if (marks & TOPHASH_UNPUBLISHED) return;
  struct tophash_conflict *record = NULL;
  uint64_t other_task = 0;
  uint32_t other_scope = 0;
  if (read_site(bucket, slot, &other, &other_pc)) {
    uint64_t other_site = site_key(other_pc, other.stack), my_site = site_key(pc, mine->stack);
    other_task = tophash_task_id(other.owner);
    other_scope = tophash_scope_of(other.owner, other_task);
    uint64_t scopes = tophash_scope_pair(other_scope, tophash_scope_current());
    record = tophash_conflict_claim((other_site ^ my_site ^ scopes) | 1);
  }
  if (record == NULL) {
    tophash_overlap_let_go(bucket, slot, &other);
    if (marks & TOPHASH_MARK_HELD) tophash_wake(&bucket->details[slot].stack);
    return;
  }
  __atomic_store_n(&record->state, WRITING, __ATOMIC_RELAXED);
  record->proof = TOPHASH_PROOF_OVERLAP;
  record->flags = 0;
  struct tophash_side *first = &record->sides[0], *second = &record->sides[1];
  memset(record->sides, 0, sizeof record->sides);
  // An access that stays open while its task is suspended has no stack now.
  bool is_running = tophash_owner_on_thread(other.owner) == other.owner;
  if (is_running) describe_stack(first, other.stack, other_pc);
  first->task_id = other_task;
  first->scope = other_scope;
  bool is_exact = tophash_overlap_let_go(bucket, slot, &other);
  if (marks & TOPHASH_MARK_HELD) tophash_wake(&bucket->details[slot].stack);
  describe(first, &other, other_pc);
  if (!is_running) first->flags |= TOPHASH_SIDE_SUSPENDED;
  if (is_running && is_exact) first->flags |= TOPHASH_SIDE_STABLE;

  describe_stack(second, mine->stack, pc);
  second->task_id = tophash_task_id(mine->owner);
  describe(second, mine, pc);
  tophash_task_describe(second);
  second->scope = tophash_scope_current();
  second->flags |= TOPHASH_SIDE_STABLE | TOPHASH_SIDE_AMENDED;

  record->time_ns = tophash_now_ns();
  record->address = tophash_access_address(key) & ~TOPHASH_STORAGE;
  bool is_storage = tophash_access_address(key) & TOPHASH_STORAGE;
  record->subject = is_storage ? TOPHASH_SUBJECT_STORAGE : TOPHASH_SUBJECT_VARIABLE;
  record->snapshot_size =
      (is_storage ? tophash_snapshot_collect_object : tophash_snapshot_collect)(
          record->address, record->snapshot, sizeof record->snapshot);
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
    side->scope = tophash_scope_current();
    // Release: the names are whole for whoever reads this flag.
    __atomic_fetch_or(&side->flags, TOPHASH_SIDE_AMENDED, __ATOMIC_RELEASE);
  }
}
