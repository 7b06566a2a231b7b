// The gate before a buffer is modified in place: storage without access calls.
//
// A Swift collection asks whether its buffer has one reference only, and if so
// modifies it in place: "copy on write". The question comes from every such
// modification, also of variables that no access call tells of: captures of
// closures that do not escape, memory behind pointers, lazy properties.
//
// Two owners in the gate with one buffer at the same moment, both told yes,
// is proof of a race. The question takes the variable inout, so each of them has
// exclusive access to the variable that it asks for. With two variables the
// buffer would have two references, and neither could be told yes: a second
// reference can only be made by reading the one variable, to which the first
// asker has exclusive access. So it is one variable, and both have it exclusively.
// No lock can lie between them: whoever holds the lock that orders them is in the
// gate, and keeps the other out. What they do next is write to one buffer.
//
// Where a modification ends is not seen, so nobody is in the gate for longer than
// the question takes, unless a trap holds it there after the answer. While it is
// held, its variable owns the buffer: nothing that respects exclusive access can
// release it, so the memory cannot become another buffer. Should the program free
// it nevertheless, by a race with somebody else, then the held one is about to
// write to memory that belongs to whoever gets it: the two sides are still true.
//
// Few passages are looked at closer. Each leaves its buffer and thread in a table
// of one word a place. Who finds what it would write goes on, and that is nearly
// always: a loop over one buffer writes once. Who finds another thread at its
// buffer has nearly met it.

#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "strands.h"
#include "tophash_probe.h"

// Buffers last passed with, by hash: the address, and the thread's index above it.
// 64 KiB, of which a program touches as many lines as it has buffers.
#define PASSED_BITS 13
static uint64_t passed[1u << PASSED_BITS];

// Sites that were held, one bit each by hash: passages there are looked at also
// when the buffer is new to all. A false hit costs a look.
#define ARMED_BITS 12
static uint64_t armed[1u << (ARMED_BITS - 6)];

// Of the passages that are worth a look, one in this many gets it once a thread
// has had TOPHASH_VISIT_ALWAYS.
#define LOOK_STRIDE 16

// How long a caught one stays: the other copies the buffer meanwhile.
#define COPY_NS 500000ull

// What the hook is there for; nothing until it is started. One of them alone, the
// gate, is the hot path.
enum { GATE = 1, CLOCKS = 2 };
static uint8_t purposes;
static bool alert;         // a site was armed: nobody is held as long as none is
static uint32_t holding;   // threads that are held in the gate
static uint64_t held_ns;   // by all, ever

static inline uint64_t hash(uint64_t value, int bits) {
  return (value * 0x9E3779B97F4A7C15ull) >> (64 - bits);
}

static inline uint64_t *place_of(const void *object) {
  return &passed[hash((uint64_t)object >> 4, PASSED_BITS)];
}

static inline uint64_t passage(const struct tophash_thread *self, const void *object) {
  return (uint64_t)object | (uint64_t)self->index << 48;
}

static bool is_armed(uint64_t pc) {
  uint64_t bit = hash(pc, ARMED_BITS);
  return __atomic_load_n(&armed[bit / 64], __ATOMIC_RELAXED) >> bit % 64 & 1;
}

void tophash_gate_arm(uint64_t pc) {
  uint64_t bit = hash(pc, ARMED_BITS);
  __atomic_fetch_or(&armed[bit / 64], 1ull << bit % 64, __ATOMIC_RELAXED);
  __atomic_store_n(&alert, true, __ATOMIC_RELAXED);
}

/// Keeps the thread in the gate for a while. Returns the answer, which may be
/// another one afterwards.
TOPHASH_COLD static bool hold(struct tophash_thread *self, const void *object, uint64_t pc,
                              tophash_stack stack, uint64_t site, uint64_t advised_ns) {
  // No handler may leave the gate by a jump, or the slot would outlive the hold.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  // An unowned reference, of which the answer does not depend, keeps the memory
  // if the program frees it meanwhile: holding must not make a race worse.
  tophash_runtime.unowned_retain(object);

  uint64_t address = (uint64_t)object | TOPHASH_STORAGE;
  uint64_t buffer[2] = {address, pc};  // as the runtime writes it for an access
  struct tophash_bucket *bucket = tophash_bucket(tophash_process.table, address);
  int slot = tophash_overlap_publish(bucket, address << 1 | 1, (uint64_t)buffer,
                                     stack | TOPHASH_MARK_HELD, self->owner);
  uint64_t start = tophash_now_ns(), now = start, marks = 0;
  if (slot != TOPHASH_NO_SLOT) {
    const uint64_t *word = &bucket->details[slot].stack;
    __atomic_fetch_add(&holding, 1, __ATOMIC_RELAXED);
    // After the slot: whoever passed since this thread did would go on without a
    // look. Now it finds this thread at its buffer, and then the slot.
    __atomic_store_n(place_of(object), passage(self, object), __ATOMIC_RELEASE);
    while (now - start < advised_ns) {
      uint64_t seen = __atomic_load_n(word, __ATOMIC_RELAXED);
      if (seen & TOPHASH_MARK_CAUGHT) break;
      tophash_sleep(word, seen, advised_ns - (now - start));
      now = tophash_now_ns();
    }
    marks = tophash_overlap_withdraw(tophash_process.table, address, (uint64_t)buffer);
    __atomic_fetch_sub(&holding, 1, __ATOMIC_RELAXED);
  }
  bool caught = marks & TOPHASH_MARK_CAUGHT;
  if (caught) {
    uint64_t never = 0;
    tophash_sleep(&never, 0, COPY_NS);
    now = tophash_now_ns();
    // After the sleep: by now the record is complete.
    tophash_conflict_amend(pc, self->owner);
  }
  // A reader may have copied the variable, or somebody freed the buffer.
  bool is_unique = tophash_runtime.is_unique(object);
  if (is_unique) tophash_runtime.unowned_release(object);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  __atomic_fetch_add(&held_ns, now - start, __ATOMIC_RELAXED);
  tophash_traps_released(tophash_process.traps, site, advised_ns, now - start, caught);
  tophash_visits_held(site, now - start, caught);
  return is_unique;
}

/// Was it a near miss, is its site a trap?
TOPHASH_COLD static bool visit(struct tophash_thread *self, const void *object, uint64_t pc,
                               tophash_stack stack) {
  uint64_t now = tophash_now_ns();
  // Half of the budget is for accesses, which prove more.
  if (__atomic_load_n(&held_ns, __ATOMIC_RELAXED) >
      tophash_traps_allowance(tophash_process.traps, now) / 2)
    return true;
  uint64_t site = tophash_stack_site(pc, stack);
  struct tophash_visit this = {
      .address = (uint64_t)object | TOPHASH_STORAGE,
      .pc = site,
      .identity = tophash_owner_identity(self->owner),
      .now_ns = now,
      .random = tophash_thread_random(self),
      .earlier_visits = self->looks,
      .modifies = true,
  };
  struct tophash_advice advice = tophash_traps_visit(tophash_process.traps, &this);
  tophash_visits_note(site, this.address, this.identity);
  bool is_unique = true;
  if (advice.hold_ns != 0) {
    tophash_gate_arm(pc);
    is_unique = hold(self, object, pc, stack, site, advice.hold_ns);
  }
  tophash_events_note_traps();
  return is_unique;
}

/// Records that others are in the gate with this buffer. Returns the answer.
TOPHASH_COLD static bool meet(struct tophash_thread *self, const void *object, uint64_t pc,
                              tophash_stack stack, struct tophash_bucket *bucket, int other,
                              int from) {
  uint64_t key = ((uint64_t)object | TOPHASH_STORAGE) << 1 | 1;
  struct tophash_access this = {
      .key = key, .buffer = (uint64_t)&this, .stack = stack, .owner = self->owner};
  bool has_met = false;
  for (; other != TOPHASH_NO_SLOT;
       other = tophash_overlap_scan(bucket, key, TOPHASH_NO_SLOT, &from)) {
    uint64_t owner = __atomic_load_n(&bucket->details[other].owner, __ATOMIC_RELAXED);
    if (tophash_owner_identity(owner) == tophash_owner_identity(self->owner)) continue;
    // The held one has been told yes and will write. This one is told no, which
    // is always a safe answer: it makes a copy. The reference, which is never
    // given back, keeps the buffer for the other. So the collision is on record,
    // and no memory is damaged over it.
    if (!has_met) tophash_runtime.retain(object);
    has_met = true;
    tophash_conflict_caught(bucket, other, key, &this, pc);
  }
  return !has_met;
}

TOPHASH_COLD static bool look_closer(struct tophash_thread *self, const void *object, uint64_t pc,
                                     tophash_stack stack) {
  if (self->reporting) return true;
  uint64_t key = ((uint64_t)object | TOPHASH_STORAGE) << 1 | 1;
  struct tophash_bucket *bucket = tophash_bucket(tophash_process.table, (uint64_t)object);
  int from = 0, other = tophash_overlap_scan(bucket, key, TOPHASH_NO_SLOT, &from);
  if (other == TOPHASH_NO_SLOT) {
    // Within a tracked access the buffer is most likely that variable's, for
    // which there are better traps.
    if (self->open != 0) return true;
    if (self->looks < UINT32_MAX) self->looks++;
    if (self->looks > TOPHASH_VISIT_ALWAYS && self->looks % LOOK_STRIDE != 0) return true;
  }
  self->reporting = true;
  struct tophash_interrupted before = tophash_cold_begin();
  bool is_unique = other == TOPHASH_NO_SLOT
                       ? visit(self, object, pc, stack)
                       : meet(self, object, pc, stack, bucket, other, from);
  tophash_cold_end(before);
  self->reporting = false;
  return is_unique;
}

/// A passage that is not like the last one with this buffer. Only jumped to, so
/// that its frame lies where the caller called.
__attribute__((noinline)) static bool pass(const void *object) {
  struct tophash_thread *self = &tophash_self;
  if (tophash_unlikely(self->counters == NULL)) {
    struct tophash_interrupted interrupted = tophash_cold_begin();
    tophash_thread_attach();
    tophash_cold_end(interrupted);
  }
  uint64_t now = passage(self, object);
  uint64_t *place = place_of(object);
  // Acquire: partner of the release in `hold`. With the mark of a thread that is
  // held comes its slot.
  uint64_t before = __atomic_load_n(place, __ATOMIC_ACQUIRE);
  __atomic_store_n(place, now, __ATOMIC_RELAXED);
  uint64_t pc = (uint64_t)__builtin_return_address(0);
  bool is_shared = before != now && ((before ^ now) & TOPHASH_IDENTITY_MASK) == 0;
  if (!is_shared && !is_armed(pc) && __atomic_load_n(&holding, __ATOMIC_RELAXED) == 0) return true;
  const uint64_t *frame = __builtin_frame_address(0);
  return look_closer(self, object, pc, tophash_stack_pack((uint64_t)(frame + 2), frame[0]));
}

/// A question that is not asked for the gate's sake alone.
TOPHASH_COLD static bool ask(const void *object);

// The hot path. It answers by itself as long as the reference counts are in the
// object, as the runtime does: see `tophash_gate_start`. It only jumps on.
TOPHASH_EXPORT bool swift_isUniquelyReferenced_nonNull_native(const void *object) {
  if (tophash_unlikely(purposes != GATE)) TOPHASH_JUMP ask(object);
  int64_t counts = __atomic_load_n((const int64_t *)object + 1, __ATOMIC_RELAXED);
  if (tophash_unlikely(counts < 0)) TOPHASH_JUMP tophash_runtime.is_unique(object);
  if (counts >> 32 != 0) return false;
  uint64_t *place = place_of(object), now = passage(&tophash_self, object);
  uint64_t before = __atomic_load_n(place, __ATOMIC_RELAXED);
  if (before == now) return true;
  // Another buffer was here. A thread that was not attached yet leaves no mark.
  bool is_other = (before ^ now) & TOPHASH_IDENTITY_MASK;
  if (!is_other || alert || tophash_self.counters == NULL) TOPHASH_JUMP pass(object);
  __atomic_store_n(place, now, __ATOMIC_RELAXED);
  return true;
}

static bool ask(const void *object) {
  if (purposes == 0) TOPHASH_JUMP tophash_runtime.is_unique(object);
  int64_t counts = __atomic_load_n((const int64_t *)object + 1, __ATOMIC_RELAXED);
  bool is_unique = counts < 0 ? tophash_runtime.is_unique(object) : counts >> 32 == 0;
  if (!is_unique) return false;
  // Larger instances are rare, and their second page with variables rarer still; but
  // the first two are looked at.
  bool is_known = (purposes & CLOCKS) && tophash_clocks_may_know(tophash_process.clocks,
                                                                  (uint64_t)object, TOPHASH_PAGE);
  if (is_known) tophash_edge_unique(object);
  if (!(purposes & GATE) || counts < 0) return true;
  uint64_t before = __atomic_load_n(place_of(object), __ATOMIC_RELAXED);
  if (before == passage(&tophash_self, object)) return true;
  TOPHASH_JUMP pass(object);
}

// The same for an optional reference, as Foundation asks it.
TOPHASH_EXPORT bool swift_isUniquelyReferenced_native(const void *object) {
  if (object == NULL) return false;
  TOPHASH_JUMP swift_isUniquelyReferenced_nonNull_native(object);
}

// What the runtime's function does (x86-64), the target of one jump left out:
//   mov rsi, [rdi + 8]; test rsi, rsi; js ..; shr rsi, 32; sete al; ret
static const uint8_t known_code[] = {0x48, 0x8B, 0x77, 0x08, 0x48, 0x85, 0xF6, 0x78, 0,
                                     0x48, 0xC1, 0xEE, 0x20, 0x0F, 0x94, 0xC0, 0xC3};
#define JUMP_TARGET 8

bool tophash_gate_is_known(const void *entry) {
  const uint8_t *code = entry;
  return memcmp(code, known_code, JUMP_TARGET) == 0 &&
         memcmp(code + JUMP_TARGET + 1, known_code + JUMP_TARGET + 1,
                sizeof known_code - JUMP_TARGET - 1) == 0;
}

bool tophash_gate_start(bool (*entry)(const void *)) {
  // An object of one reference, one of two, and the way that callers take.
  static uint64_t one[2] = {0, 3}, two[2] = {0, 1ull << 33 | 3};
  purposes |= GATE;
  bool is_right = entry(one) && !entry(two);
  bool is_seen = *place_of(one) == passage(&tophash_self, one);
  if (!is_right || !is_seen) purposes &= ~GATE;
  return purposes & GATE;
}

void tophash_gate_tell_clocks(void) { purposes |= CLOCKS; }

void tophash_gate_forked(void) {
  // Whoever was held is not in this process.
  holding = 0;
  held_ns = 0;
}
