//===----------------------------------------------------------------------===//
// A hardware watchpoint that follows all threads of a process.
//
// The processor compares the address of every load and store with up to four of
// its registers, at no cost. The kernel lends them out as performance events;
// one that is opened by a process's first thread before there is a second one is
// inherited by all others. So it is opened early, unarmed, and pointed at a
// variable once that exists: the kernel moves all inherited ones with it.
//
// A hit sends SIGTRAP to the thread that made it, after its instruction, with
// `si_code` TRAP_PERF.
//===----------------------------------------------------------------------===//

#ifndef TOPHASH_WATCHPOINT_H
#define TOPHASH_WATCHPOINT_H

#include <stdbool.h>
#include <stdint.h>

/// How many there are on each thread, of all x86-64 and most other processors.
#define TOPHASH_WATCHPOINTS 4

/// What the signal handler is told of a hit.
struct tophash_watchpoint_hit {
  uint64_t data;  // as given to `tophash_watchpoint_arm`
  bool is_late;   // the thread had the signal blocked: it is somewhere else by now
};

/// Reserves a watchpoint on the calling thread and on those it will start.
///
/// Returns a descriptor, or a negative error number: -ENOSPC when all are taken, -EACCES or
/// -EPERM when the system forbids them, -ENOENT or -EOPNOTSUPP when the machine has none.
int tophash_watchpoint_open(void);

/// Points it at `length` bytes (1, 2, 4 or 8, aligned) on all threads that have it. `reads`:
/// loads count too. A hit comes with `data`. Returns 0, or a negative error number.
int tophash_watchpoint_arm(int watchpoint, uint64_t address, uint32_t length, bool reads,
                           uint64_t data);

/// Hits no more, until it is armed again.
void tophash_watchpoint_disarm(int watchpoint);

/// Hits so far on all threads, as the kernel counted them.
uint64_t tophash_watchpoint_count(int watchpoint);

/// True when a SIGTRAP with this `siginfo_t` is a hit.
bool tophash_watchpoint_is_hit(const void *info, struct tophash_watchpoint_hit *hit);

#endif
