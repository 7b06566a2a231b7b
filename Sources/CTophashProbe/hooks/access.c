// Begin and end of an access: the hot path.
//
// These two functions have the names of the runtime's own, so that preloading
// alone puts them in front (interposition). Where the runtime's entry points
// could be patched they lead here as well. Either way an access passes once.

#include <sched.h>

#include "../watch/watch.h"
#include "timeline.h"
#include "tophash_probe.h"

// The runtime's flags (ExclusivityFlags): bit 0 modifies; bit 5 says that the
// access is tracked, so that an end will follow. An access without it is over
// when this call returns, and optimised code may issue it before the lock that
// guards it: it proves nothing.
#define FLAG_MODIFY 0x01
#define FLAG_TRACKED 0x20

/// The site's entry on this thread, or the one to give it. Two sites that share
/// a hash have neighbouring entries; of more, the less visited one gives way.
static inline struct tophash_site *site_of(struct tophash_thread *self, uint64_t pc) {
  uint64_t hash = (pc * 0x9E3779B97F4A7C15ull) >> (64 - TOPHASH_SITE_BITS);
  struct tophash_site *site = &self->sites[hash & ~1ull];
  if (site[0].pc == pc) return &site[0];
  if (site[1].pc == pc) return &site[1];
  return site[1].visits < site[0].visits ? &site[1] : &site[0];
}

/// Holds an open access, so that the other side can run into it.
TOPHASH_COLD static void hold(struct tophash_bucket *bucket, int mine, uint64_t key, uint64_t pc,
                              uint64_t identity, uint64_t advised_ns) {
  uint64_t start = tophash_now_ns(), now = start;
  uint64_t *stack = &bucket->details[mine].stack;
  bool caught = false;
  __atomic_fetch_or(stack, TOPHASH_MARK_HELD, __ATOMIC_RELAXED);
  uint64_t limit_ns = advised_ns;
  while (now - start < limit_ns) {
    uint64_t left = limit_ns - (now - start), seen = __atomic_load_n(stack, __ATOMIC_RELAXED);
    // One sleep: whoever catches this access ends it. Then short ones, until the
    // other side has gone.
    tophash_sleep(stack, seen, caught && left > 200000 ? 200000 : left);
    now = tophash_now_ns();
    if (__atomic_load_n(stack, __ATOMIC_RELAXED) & TOPHASH_MARK_CAUGHT) {
      // Long enough for the other side to read this stack before it moves on.
      if (!caught) limit_ns += TOPHASH_HOLD_MAX_NS;
      caught = true;
      // It is proven; let the other side finish first, so that holding made the
      // collision visible and not worse.
      int from = 0;
      if (tophash_overlap_scan(bucket, key, mine, &from) == TOPHASH_NO_SLOT) break;
    }
  }
  __atomic_fetch_and(stack, ~(uint64_t)TOPHASH_MARK_HELD, __ATOMIC_RELAXED);
  tophash_traps_released(tophash_process.traps, pc, advised_ns, now - start, caught);
  tophash_visits_held(pc, now - start, caught);
  if (tophash_timeline_is_on()) tophash_timeline_note(TOPHASH_MOMENT_HOLD, pc, start, now, 0);
  struct tophash_hold this = {
      .address = tophash_access_address(key),
      .pc = pc,
      .identity = identity,
      .start_ns = start,
      .end_ns = now,
      .modifies = tophash_access_modifies(key),
  };
  if (!caught) tophash_traps_held_in_vain(tophash_process.traps, &this);
}

// A thread that accesses nothing for so long may be waiting for somebody.
#define IDLE_NS 50000ull

/// Tells since when this thread has accessed nothing, if no access was passed over.
static void note_idleness(struct tophash_thread *self, uint64_t now_ns) {
  bool is_known = self->counters->tracked - self->visited_tracked <= 1;
  if (!is_known) self->idle_from_ns = self->idle_to_ns = 0;
  if (!is_known || now_ns - self->visited_ns < IDLE_NS) return;
  self->idle_from_ns = self->visited_ns;
  self->idle_to_ns = now_ns;
}

/// Looks closer at an access: was it a near miss, is its site a trap?
TOPHASH_COLD static void visit(struct tophash_thread *self, struct tophash_site *site, uint64_t pc,
                               struct tophash_bucket *bucket, int mine, uint64_t key) {
  if (site->pc != pc) {
    // Two hot sites are in the way. Not each of its accesses is worth a look,
    // or a program with many sites would pay for one all the time.
    bool is_crowded = site->visits >= TOPHASH_VISIT_ALWAYS;
    if (is_crowded && ++self->crowded % TOPHASH_VISIT_STRIDE != 0) return;
    *site = (struct tophash_site){.pc = pc};
  }
  // A countdown of 1: looks again next time. With 0 the handler of a signal that
  // came in the middle of a visit would leave the site to 2^32 accesses.
  site->countdown = 1;
  if (self->reporting) return;
  // Threads meet at locks all the time: there is nothing to provoke.
  if (tophash_events_is_lock(tophash_access_address(key))) {
    site->countdown = TOPHASH_VISIT_STRIDE;
    return;
  }
  self->reporting = true;
  struct tophash_interrupted before = tophash_cold_begin();
  uint64_t now = tophash_now_ns();
  note_idleness(self, now);
  struct tophash_visit this = {
      .address = tophash_access_address(key),
      .pc = pc,
      .identity = tophash_owner_identity(self->owner),
      .now_ns = now,
      .idle_from_ns = self->idle_from_ns,
      .idle_to_ns = self->idle_to_ns,
      .random = tophash_thread_random(self),
      .earlier_visits = site->visits,
      .modifies = tophash_access_modifies(key),
  };
  struct tophash_advice advice = tophash_traps_visit(tophash_process.traps, &this);
  tophash_visits_note(pc, this.address, this.identity);
  if (advice.delayed_by != 0) tophash_visits_delayed(advice.delayed_by);
  if (site->visits < UINT32_MAX) site->visits++;
  site->countdown = advice.next_visit;
  if (advice.hold_ns != 0) {
    if (mine != TOPHASH_NO_SLOT)
      hold(bucket, mine, key, pc, this.identity, advice.hold_ns);
    else
      tophash_traps_released(tophash_process.traps, pc, advice.hold_ns, 0, false);
  }
  self->visited_ns = advice.hold_ns != 0 ? tophash_now_ns() : now;
  self->visited_tracked = self->counters->tracked;
  tophash_events_note_traps();
  tophash_cold_end(before);
  self->reporting = false;
}

/// Lets the others of a conflict finish first, for at most a moment: the
/// collision is on record, and there is no need to corrupt memory over it.
static void give_way(struct tophash_bucket *bucket, int mine, uint64_t key) {
  // Turns waited in vain in this process. Somebody who stays inside an access
  // for long is not waited for again and again.
  static uint32_t in_vain;
  if (mine == TOPHASH_NO_SLOT || __atomic_load_n(&in_vain, __ATOMIC_RELAXED) > 100) return;
  for (int turn = 0; turn < 100; turn++) {
    int from = 0;
    int other = tophash_overlap_scan(bucket, key, mine, &from);
    if (other == TOPHASH_NO_SLOT) return;
    uint64_t theirs = __atomic_load_n(&bucket->details[other].stack, __ATOMIC_RELAXED);
    if (theirs & TOPHASH_MARK_HELD) return;  // it waits for this access
    // Both may have found each other: then the lower slot goes first.
    uint64_t ours = __atomic_load_n(&bucket->details[mine].stack, __ATOMIC_RELAXED);
    if ((ours & TOPHASH_MARK_CAUGHT) && mine < other) return;
    sched_yield();
  }
  __atomic_fetch_add(&in_vain, 1, __ATOMIC_RELAXED);
}

/// Records the conflicts of an access with `other` and those after it.
TOPHASH_COLD static void caught(struct tophash_thread *self, struct tophash_bucket *bucket,
                                int other, int mine, int from, const struct tophash_access *this,
                                uint64_t pc) {
  // Many threads may wait for one lock: nothing to record, nobody to give way to.
  if (self->reporting || tophash_events_is_lock(tophash_access_address(this->key))) return;
  self->reporting = true;
  struct tophash_interrupted before = tophash_cold_begin();
  while (other != TOPHASH_NO_SLOT) {
    uint64_t key = __atomic_load_n(&bucket->keys[other], __ATOMIC_RELAXED);
    if ((key ^ this->key) <= 1 && ((key | this->key) & 1))
      tophash_conflict_caught(bucket, other, key, this, pc);
    other = tophash_overlap_scan(bucket, this->key, mine, &from);
  }
  give_way(bucket, mine, this->key);
  tophash_cold_end(before);
  self->reporting = false;
}

/// An access with others in its bucket. True when one of them conflicts.
TOPHASH_COLD static bool look_around(struct tophash_thread *self, struct tophash_bucket *bucket,
                                     int mine, const struct tophash_access *this, uint64_t pc) {
  if (mine == TOPHASH_NO_SLOT)
    __atomic_fetch_add(&tophash_events.header->accesses_dropped, 1, __ATOMIC_RELAXED);
  int from = 0;
  int other = tophash_overlap_scan(bucket, this->key, mine, &from);
  if (other == TOPHASH_NO_SLOT) return false;
  caught(self, bucket, other, mine, from, this, pc);
  return true;
}

/// What goes beyond an access that is alone: order, timeline, and others in its bucket. True when
/// one of them conflicts.
__attribute__((noinline)) static bool follow(struct tophash_thread *self,
                                             struct tophash_bucket *bucket, int mine,
                                             const struct tophash_access *this, uint64_t pc,
                                             uint64_t frame) {
  uint64_t address = tophash_access_address(this->key), modifies = this->key & FLAG_MODIFY;
  if (tophash_timeline_is_on() && tophash_timeline_is_chosen(pc))
    tophash_timeline_note(TOPHASH_MOMENT_ACCESS_BEGIN, pc, address, 0, modifies);
  if (tophash_process.has_clocks) tophash_strand_access(address, modifies, pc, frame);
  if (tophash_overlap_is_alone(bucket, mine)) return false;
  return look_around(self, bucket, mine, this, pc);
}

/// Sets up the thread on its first access, and goes on.
TOPHASH_COLD static void begin_attaching(void *pointer, uint64_t *buffer, uintptr_t flags, void *pc);

/// A tracked access. Only jumped to, so that its frame lies where the caller called.
__attribute__((noinline)) static void begin_tracked(void *pointer, uint64_t *buffer,
                                                    uintptr_t flags, void *pc) {
  if (pc == NULL) pc = __builtin_return_address(0);
  // The original first: it fills the buffer from which a conflict later reads
  // the site, and it stops the program on a violation within one thread.
  tophash_runtime.begin_access(pointer, buffer, flags, pc);
  struct tophash_thread *self = &tophash_self;
  if (tophash_unlikely(self->counters == NULL)) {
    const uint64_t *above = __builtin_frame_address(0);
    if (tophash_watch.follows_accesses)
      tophash_watch_access_begin(
          (uint64_t)pointer, (uint64_t)buffer, flags,
          (struct tophash_watch_place){(uint64_t)pc, above[0], (uint64_t)(above + 2)});
    return;
  }
  self->counters->tracked++;
  // No address in the buffer: exclusivity checking is switched off in the
  // runtime, and the end could not be matched.
  if (tophash_unlikely(buffer[0] == 0)) return;

  uint64_t key = (uint64_t)pointer << 1 | (flags & FLAG_MODIFY);
  // This function's frame: the caller's frame pointer, the return address, and
  // above them the caller's stack.
  const uint64_t *frame = __builtin_frame_address(0);
  tophash_stack stack = tophash_stack_pack((uint64_t)(frame + 2), frame[0]);
  struct tophash_bucket *bucket = tophash_bucket(tophash_process.table, (uint64_t)pointer);
  int mine = tophash_overlap_publish(bucket, key, (uint64_t)buffer, stack, self->owner);
  self->open++;
  self->latest = (uint64_t)pointer;
  self->latest_pc = (uint64_t)pc;
  bool is_alone = tophash_overlap_is_alone(bucket, mine);
  if (tophash_unlikely(!is_alone || tophash_process.has_clocks || tophash_timeline_is_on())) {
    struct tophash_access this = {
        .key = key, .buffer = (uint64_t)buffer, .stack = stack, .owner = self->owner};
    if (follow(self, bucket, mine, &this, (uint64_t)pc, frame[0])) return;
  }
  // Nobody is there whom this thread could nearly have met, or whom a held access could wait for.
  if (tophash_is_single_threaded()) return;

  struct tophash_site *site = site_of(self, (uint64_t)pc);
  if (tophash_unlikely(site->pc != (uint64_t)pc || --site->countdown == 0))
    visit(self, site, (uint64_t)pc, bucket, mine, key);
}

// Two kinds of access share this entry, and most are of the cheaper kind. It
// only jumps on, and so needs no frame.
TOPHASH_EXPORT __attribute__((noinline)) void swift_beginAccess(void *pointer, uint64_t *buffer,
                                                               uintptr_t flags, void *pc) {
  struct tophash_thread *self = &tophash_self;
  if (tophash_unlikely(self->counters == NULL) && tophash_process.watching)
    TOPHASH_JUMP begin_attaching(pointer, buffer, flags, pc);
  if (flags & FLAG_TRACKED || tophash_unlikely(tophash_watch.follows_accesses))
    TOPHASH_JUMP begin_tracked(pointer, buffer, flags, pc);
  if (self->counters != NULL) self->counters->instantaneous++;
  TOPHASH_JUMP tophash_runtime.begin_access(pointer, buffer, flags, pc);
}

static void begin_attaching(void *pointer, uint64_t *buffer, uintptr_t flags, void *pc) {
  tophash_thread_attach();
  TOPHASH_JUMP swift_beginAccess(pointer, buffer, flags, pc);
}

/// Ends an access that somebody found in a conflict.
TOPHASH_COLD static void amend(struct tophash_thread *self, uint64_t pc) {
  if (self->reporting) return;
  self->reporting = true;
  struct tophash_interrupted before = tophash_cold_begin();
  tophash_conflict_amend(pc, self->owner);
  tophash_cold_end(before);
  self->reporting = false;
}

/// An end that is not the usual one.
__attribute__((noinline)) static void end_closely(uint64_t *buffer) {
  uint64_t address = buffer[0];
  struct tophash_thread *self = &tophash_self;
  // Also on a thread that made no access yet: the access may have begun on another.
  if (address != 0 && tophash_process.watching) {
    uint64_t marks = tophash_overlap_withdraw(tophash_process.table, address, (uint64_t)buffer);
    // Never below 0: a task ends here what it began elsewhere, and a count that
    // drifted would hide the locks that this thread takes inside of accesses.
    if (self->open > 0) self->open--;
    if (tophash_timeline_is_on() && tophash_timeline_is_chosen(buffer[1]))
      tophash_timeline_note(TOPHASH_MOMENT_ACCESS_END, buffer[1], address, 0, 0);
    if (tophash_unlikely(marks & TOPHASH_MARK_CAUGHT)) amend(self, buffer[1]);
  } else if (tophash_unlikely(tophash_watch.follows_accesses)) {
    tophash_watch_access_end((uint64_t)buffer);
  }
  tophash_runtime.end_access(buffer);
}

// The usual end needs no frame: it only jumps on.
TOPHASH_EXPORT __attribute__((noinline)) void swift_endAccess(uint64_t *buffer) {
  uint64_t address = buffer[0];
  if (tophash_unlikely(address == 0 || !tophash_process.watching || tophash_timeline_is_on() ||
                       !tophash_overlap_withdraw_unmarked(tophash_process.table, address,
                                                          (uint64_t)buffer)))
    TOPHASH_JUMP end_closely(buffer);
  struct tophash_thread *self = &tophash_self;
  if (self->open > 0) self->open--;  // see `end_closely`
  TOPHASH_JUMP tophash_runtime.end_access(buffer);
}
