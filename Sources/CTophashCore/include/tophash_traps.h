//===----------------------------------------------------------------------===//
// Traps: hold an access open for a moment where a conflict is likely.
//
// Accesses that race rarely meet by themselves. A *near miss* is two owners
// touching one variable shortly after each other, one of them modifying. It
// arms a *trap* at both sites: later accesses there stay open for about the
// time that the other side was away, so that it can run into them. Correct code holds its lock meanwhile, and nothing meets: a trap
// can only confirm, never accuse.
//
// The idea of delaying at near misses is TSVD's (Li et al., "Efficient
// Scalable Thread-Safety-Violation Detection", SOSP 2019). Ours differs in
// what is delayed: an access that is already open, which the overlap table
// then catches with both stacks live.
//
// A hold can also acquit. When the other side did nothing while an access was held,
// and came as soon as it was over, it waited: something orders the two that nobody
// has seen. Once is chance; a few times, without one catch, are told to the tool.
//
// Every visit costs; sites are therefore visited at first always, later one
// time in TOPHASH_VISIT_STRIDE. All fields are written without locks. A torn
// near miss can arm a needless trap, which costs time and nothing else.
//===----------------------------------------------------------------------===//

#ifndef TOPHASH_TRAPS_H
#define TOPHASH_TRAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "tophash_overlap.h"

// A site's first visits on a thread are all looked at, so that a rare writer is
// never missed; then one in STRIDE, so that a hot loop pays for few.
#define TOPHASH_VISIT_ALWAYS 64
#define TOPHASH_VISIT_STRIDE 128
#define TOPHASH_VISIT_STRIDE_ARMED 4

// Two accesses further apart than this are strangers.
#define TOPHASH_NEAR_MISS_WINDOW_NS 500000000ull

// A hold lasts about twice the gap that was seen, within these limits.
#define TOPHASH_HOLD_MIN_NS 200000ull
#define TOPHASH_HOLD_MAX_NS 10000000ull

// How long an access is held that is only known to be unordered with another.
#define TOPHASH_SUSPECT_HOLD_NS 2000000ull

// A trap's first visits are all held; the k-th later one with chance HOLDS / k.
#define TOPHASH_TRAP_HOLDS 20

// What holds may take before the share of run time counts: short programs
// would otherwise never be held.
#define TOPHASH_BUDGET_GRANT_NS 100000000ull

#define TOPHASH_NEAR_BITS 13
#define TOPHASH_TRAP_BITS 10
#define TOPHASH_HOLD_BITS 8

/// The last modification and the last read of one variable.
struct tophash_near {
  uint64_t address;
  struct {
    uint64_t pc;
    uint64_t identity;
    uint64_t time_ns;
  } last[2];  // [0] read, [1] modification
  uint64_t reserved;
};

/// A site at which accesses are held.
struct tophash_trap {
  uint64_t pc;       // 0 when free
  uint64_t hold_ns;  // how long to hold
  uint32_t visits;   // since it was armed
  uint32_t holds;
  uint32_t caught;
  uint32_t near_misses;  // in this process
  uint32_t delays;       // holds that another side waited for
  uint32_t reserved;
};

/// The last hold of one variable that caught nothing.
struct tophash_hold {
  uint64_t address;  // 0 when somebody was found to have waited for it
  uint64_t pc;
  uint64_t identity;
  uint64_t start_ns;
  uint64_t end_ns;
  uint64_t modifies;
};

/// Zero-initialised memory, then `tophash_traps_start`.
struct tophash_traps {
  bool enabled;
  uint32_t budget_permille;
  uint64_t start_ns;
  uint64_t held_ns;
  uint64_t near_misses;
  uint64_t armed;
  uint64_t holds;
  struct tophash_near near[1u << TOPHASH_NEAR_BITS];
  struct tophash_trap sites[1u << TOPHASH_TRAP_BITS];
  struct tophash_hold held[1u << TOPHASH_HOLD_BITS];
};

/// One access, as a visit sees it.
struct tophash_visit {
  uint64_t address;
  uint64_t pc;
  uint64_t identity;
  uint64_t now_ns;
  uint64_t random;
  uint32_t earlier_visits;  // of this site on this thread
  bool modifies;
  // The latest time in which this thread accessed nothing for long; 0 and 0 when
  // not known.
  uint64_t idle_from_ns;
  uint64_t idle_to_ns;
};

struct tophash_advice {
  uint64_t hold_ns;     // how long to hold this access open; 0: not at all
  uint32_t next_visit;  // look at the site again after this many accesses (at least 1)
  uint64_t delayed_by;  // the site whose hold this side waited for; 0: none
};

void tophash_traps_start(struct tophash_traps *traps, uint64_t now_ns, uint32_t budget_permille);

/// Notes one access, arms traps on a near miss, and says whether to hold it.
/// A hold that is advised has been taken out of the budget.
struct tophash_advice tophash_traps_visit(struct tophash_traps *traps,
                                          const struct tophash_visit *visit);

/// Notes a hold that caught nothing, so that whoever waited for it is noticed.
void tophash_traps_held_in_vain(struct tophash_traps *traps, const struct tophash_hold *hold);

/// Sets a trap at `pc`, an access that nothing was seen to order with another.
void tophash_traps_suspect(struct tophash_traps *traps, uint64_t pc);

/// Sets a trap at `pc` that an earlier run had learned.
void tophash_traps_learn(struct tophash_traps *traps, uint64_t pc, uint64_t hold_ns);

/// How long the trap at `pc` holds, and the near misses that armed it; 0 when there is none.
uint64_t tophash_traps_hold(struct tophash_traps *traps, uint64_t pc, uint32_t *near_misses);

/// How long all holds together may have taken until `now_ns`.
uint64_t tophash_traps_allowance(const struct tophash_traps *traps, uint64_t now_ns);

/// Tells that the hold at `pc` ended, after `held_ns` of the `advised_ns`.
void tophash_traps_released(struct tophash_traps *traps, uint64_t pc, uint64_t advised_ns,
                            uint64_t held_ns, bool caught);

#endif
