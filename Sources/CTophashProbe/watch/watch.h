//===----------------------------------------------------------------------===//
// `tophash watch`: who changes a variable, told by the processor.
//
//   watch/targets.c  what to watch, read from the tool's file
//   watch/slots.c    the addresses that are watched now, and objects that come and go
//   watch/trap.c     the signal that a hit sends
//   watch/software.c the way without the processor: through the runtime's checks
//   watch/hits.c     what is written down
//   watch/hold.c     holding whoever changed it, so that the other side comes along
//
// A process that is watched is not checked: accesses pass the other hooks by.
//===----------------------------------------------------------------------===//

#ifndef TOPHASH_WATCH_H
#define TOPHASH_WATCH_H

#include "tophash_probe.h"
#include "tophash_watch_protocol.h"

#pragma GCC visibility push(hidden)

struct tophash_watch_target {
  uint32_t length;
  bool is_property;
  uint64_t address;     // of a global, in memory
  uint64_t descriptor;  // of a property's class, in memory
  int64_t offset;       // -1: look into the metadata, at `vector`
  uint32_t vector;
};

struct tophash_watch {
  bool is_software, reads;
  bool follows_accesses;  // hooks in front of accesses have something to tell
  uint64_t limit, rate, hold_ns;
  uint32_t object;  // 0 for any
  char thread[32];  // empty for any
  bool has_properties;
  struct tophash_watch_target targets[TOPHASH_WATCH_SLOTS];
  uint32_t target_count;
  struct tophash_watch_header *header;  // NULL: this process is not watched
};
extern struct tophash_watch tophash_watch;

/// Where a thread was when it made a hit.
struct tophash_watch_place {
  uint64_t pc, frame_pointer, stack_pointer;
};

/// Reads `session`/watch; false when nothing in it is of this process.
bool tophash_watch_read_targets(const char *session);

/// Begins to watch globals, and objects as they are made. An error number when the
/// system has no watchpoint for this process.
int tophash_watch_arm(bool may_patch);
/// The slot that watches `address` for the signal's `data`; -1 when it has moved on.
int tophash_watch_slot_of(uint64_t data);
/// The slot with a variable at `address`; -1 when there is none.
int tophash_watch_slot_at(uint64_t address);
/// No more hits, in this process, ever.
void tophash_watch_end(void);
/// True when there may be one more hit now; pauses where the rate says so.
bool tophash_watch_admits(uint64_t now_ns);

/// Writes a hit down. Returns its number; -1 when it is not wanted or has no room.
int64_t tophash_watch_record(int slot, const struct tophash_watch_place *place, uint64_t before,
                             uint64_t after, uint32_t flags);
/// Opens the file; false when it cannot be had.
bool tophash_watch_open(const char *session);
/// Who runs here: a task, else the thread.
uint64_t tophash_watch_identity(void);

/// The value at an address, of at most 8 bytes.
uint64_t tophash_watch_value(uint64_t address, uint32_t length);

/// Takes over SIGTRAP.
void tophash_watch_catch_hits(void);

/// An access that the runtime was told of, and one that ended.
void tophash_watch_access_begin(uint64_t address, uint64_t buffer, uintptr_t flags,
                                struct tophash_watch_place place);
void tophash_watch_access_end(uint64_t buffer);

/// A hit while somebody may be held, or who is worth being held.
void tophash_watch_hold(int slot, const struct tophash_watch_place *place, bool changed);

#pragma GCC visibility pop

#endif
