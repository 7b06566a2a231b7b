//===----------------------------------------------------------------------===//
// `tophash watch`: who changes a variable, told by the processor.
//
//   watch/targets.c  what to watch, read from the tool's file
//   watch/slots.c    the addresses that are watched now
//   watch/objects.c  objects with a variable that come and go
//   watch/keys.c     entries of our own dictionaries, wherever they move
//   watch/places.c   variables without a name, by the places that access them
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

/// How a variable is found.
enum tophash_watch_kind {
  TOPHASH_WATCH_GLOBAL = 1,
  TOPHASH_WATCH_PROPERTY,
  TOPHASH_WATCH_ANY,  // whatever dictionary has the key
  TOPHASH_WATCH_PLACES,
};

struct tophash_watch_target {
  enum tophash_watch_kind kind;
  uint32_t length;
  uint64_t address;     // of a global, in memory
  uint64_t descriptor;  // of a property's class, in memory
  int64_t offset;       // -1: look into the metadata, at `vector`
  uint32_t vector;
  const char *key;  // of the entry that is watched in place of the variable; NULL: none
  bool is_control;  // its control bytes are
};

struct tophash_watch {
  bool is_software, reads;
  bool follows_accesses;  // hooks in front of accesses have something to tell
  uint64_t limit, rate, hold_ns;
  uint32_t object;  // 0 for any
  char thread[32];  // empty for any
  bool has_properties, has_keys, has_places;
  struct tophash_watch_target targets[TOPHASH_WATCH_SLOTS];
  uint32_t target_count;
  struct tophash_watch_header *header;  // NULL: this process is not watched
};
extern struct tophash_watch tophash_watch;

/// Where a thread was when it made a hit.
struct tophash_watch_place {
  uint64_t pc, frame_pointer, stack_pointer;
  uint64_t salt;  // tells apart what frame pointers do not, if somebody knows; else 0
};

/// Reads `session`/watch; false when nothing in it is of this process.
bool tophash_watch_read_targets(const char *session);

/// Watches `length` bytes at `address` in `slot`, of what belongs to `object` (0: to nobody). With
/// the slots locked. False when the system refuses.
bool tophash_watch_occupy(uint32_t slot, uint32_t target, uint64_t address, uint32_t length,
                          uint64_t object, uint32_t number);
/// Ends that. With the slots locked.
void tophash_watch_vacate(uint32_t slot);
/// Hits no more, until the same object is watched again in this slot. With the slots locked.
void tophash_watch_disarm(uint32_t slot);
/// A slot that is free; -1 when there is none. With the slots locked.
int tophash_watch_free_slot(void);
/// How many slots there are.
uint32_t tophash_watch_slots(void);
/// Taken by whoever gives slots away.
void tophash_watch_lock(void);
void tophash_watch_unlock(void);
/// How many of the `size` bytes at an address the processor can watch, from the first on.
uint32_t tophash_watch_length(uint64_t address, uint64_t size);
/// True when the limit was reached.
bool tophash_watch_is_over(void);

/// How many objects there are whose end somebody has to be told of: those of slots, and holders.
/// Written with the slots locked.
extern uint32_t tophash_watch_objects;

/// Follows objects as they are made and freed. Only while the process has one thread. False when
/// the runtime cannot be followed.
bool tophash_watch_follow_objects(void);
/// The same for the ends of all objects, captured variables among them.
bool tophash_watch_follow_boxes(void);

/// An object has a property of which an entry is watched: at `address` is the dictionary. With
/// the slots locked, like the removal.
void tophash_watch_add_holder(uint32_t target, uint64_t address, uint64_t object, uint32_t number);
void tophash_watch_remove_holders(uint64_t object);
bool tophash_watch_is_holder(uint64_t object);

/// Adds a place of the program that accesses the variable: where the call of the runtime returns.
void tophash_watch_add_place(uint32_t target, uint64_t pc);
/// An access; the first one at such a place says where the variable is.
void tophash_watch_look_at(uint64_t address, uint64_t pc);

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
/// True for an address in the data or the code of a file.
bool tophash_watch_is_in_image(uint64_t address);
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
