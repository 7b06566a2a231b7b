//===----------------------------------------------------------------------===//
// What the probe and `tophash watch` agree on.
//
// The tool leaves a file `watch` in the session directory, and sets `watch=1` in
// TOPHASH_PROBE. A line each, numbers in decimal unless they say otherwise:
//
//   method hardware|software
//   reads 0|1              loads count too
//   limit N                stop after N hits
//   rate N                 at most N hits per second: the rest of it nothing is watched
//   object N               only the N-th object that is made, from 1
//   thread NAME            only what threads of that name do
//   hold N                 hold whoever changes the value for N ns
//   global NUMBER LENGTH ADDRESS IMAGE
//                          address in the image's file, hexadecimal
//   property NUMBER LENGTH DESCRIPTOR OFFSET VECTOR IMAGE
//                          address of the class's descriptor in the file, hexadecimal; offset of
//                          the property in its objects, or -1: then the word of the metadata
//                          that holds it
//   any NUMBER             whatever dictionary of ours has the key
//   key NUMBER v|c TEXT    not the variable, but in the dictionary that it holds the value of a
//                          key, or the control bytes of its bucket
//   place NUMBER LENGTH ADDRESS IMAGE
//                          what is accessed where a call of the runtime returns to that address
//                          in the image's file, hexadecimal; several lines for one variable
//
// Beside its event file each process then writes `<same name>.hits`, in this order:
//
//   header  TOPHASH_HEADER_BYTES
//   owners  TOPHASH_WATCH_OWNERS x struct tophash_watch_owner, a set
//   stacks  TOPHASH_WATCH_STACKS x struct tophash_watch_stack, a set
//   hits    TOPHASH_WATCH_HITS   x struct tophash_hit
//===----------------------------------------------------------------------===//

#ifndef TOPHASH_WATCH_PROTOCOL_H
#define TOPHASH_WATCH_PROTOCOL_H

#include "tophash_protocol.h"

#define TOPHASH_WATCH_MAGIC 0x3148435457504f54ull  // "TOPWTCH1"
#define TOPHASH_WATCH_SLOTS 4
#define TOPHASH_WATCH_OWNERS 2048
#define TOPHASH_WATCH_STACKS 512
#define TOPHASH_WATCH_HITS 131072
#define TOPHASH_WATCH_FRAMES 64
#define TOPHASH_WATCH_STACK_BYTES 2048
#define TOPHASH_WATCH_KEY_BYTES 256
#define TOPHASH_WATCH_NONE 0xFFFFFFFFu  // no room was left for the owner or the stack

enum tophash_watch_state {
  TOPHASH_WATCH_ARMED = 1,      // or will be, once there is an object
  TOPHASH_WATCH_FORBIDDEN = 2,  // see `error`
  TOPHASH_WATCH_NO_IMAGE = 3,   // nothing of what is watched is in this process
  TOPHASH_WATCH_NO_OBJECTS = 4, // the runtime's allocation could not be followed
};

/// An address that is, or was last, watched.
struct tophash_watch_slot {
  uint64_t address;
  uint64_t object;  // that holds the variable; 0 for a global
  uint64_t latest;  // its value when last looked at
  uint32_t target;  // number of the variable
  uint32_t length;
  uint32_t number;  // of the object among those of its variable, from 1
  uint32_t generation;
  uint32_t is_entry;  // of a dictionary: it may move
  uint32_t reserved;
};

struct tophash_watch_header {
  uint64_t magic;  // written last
  uint32_t version;
  uint32_t state;  // enum tophash_watch_state
  int32_t error;
  uint32_t slots;       // watchpoints that were to be had
  uint64_t hits;        // claimed; more than TOPHASH_WATCH_HITS: the rest is lost
  uint64_t passed;      // by other threads than those asked for
  uint64_t late;        // the thread had blocked the signal: known to have happened, not where
  uint64_t counted;     // by the kernel, at the end of the process
  uint64_t pauses;      // because of the rate
  uint32_t is_over;     // the limit was reached
  uint32_t is_software;
  uint32_t objects[TOPHASH_WATCH_SLOTS];  // made, by number of the variable
  uint32_t watched[TOPHASH_WATCH_SLOTS];  // of these
  uint64_t holds;
  uint64_t held_ns;
  uint64_t moves;    // of entries
  uint64_t crowded;  // entries and variables that found no slot
  uint64_t stray;    // variables that lie in no object
  uint32_t no_keys;  // set of variables: the text says no key of their dictionaries
  uint32_t reserved;
  struct tophash_watch_slot slot[TOPHASH_WATCH_SLOTS];
};

struct tophash_watch_owner {
  uint64_t key;  // 0 when free
  uint32_t is_complete;
  uint32_t tid;
  uint64_t task;     // identity, or 0 for a thread
  uint64_t task_id;  // as shown by the runtime
  char thread_name[32];
  char queue_label[96];
  char task_name[96];
};

struct tophash_watch_stack {
  uint64_t key;  // 0 when free
  uint32_t is_complete;
  uint32_t frame_count;
  uint32_t async_count;
  uint32_t stack_size;
  uint64_t stack_pointer;
  uint64_t frame_pointer;
  uint64_t frames[TOPHASH_WATCH_FRAMES];
  uint64_t async_frames[TOPHASH_ASYNC_FRAMES];
  uint8_t stack[TOPHASH_WATCH_STACK_BYTES];
};

enum tophash_hit_flags {
  TOPHASH_HIT_COMPLETE = 1,
  TOPHASH_HIT_FIRST = 2,          // `before` is whatever was in new memory
  TOPHASH_HIT_ANNOUNCED = 4,      // by the runtime's checks: `frames[0]` is where it began
  TOPHASH_HIT_MODIFY = 8,         // of those: it may write
  TOPHASH_HIT_INSTANTANEOUS = 16, // of those: `after` is not known
  TOPHASH_HIT_INSERTED = 32,      // told by a dictionary: the entry was not there before
  TOPHASH_HIT_REMOVED = 64,       // and this: it is gone
};

struct tophash_hit {
  uint64_t time_ns;  // CLOCK_MONOTONIC
  uint64_t address;
  uint64_t before;
  uint64_t after;
  uint32_t owner;  // index, or TOPHASH_WATCH_NONE
  uint32_t stack;
  uint32_t target;
  uint32_t object;  // number
  uint32_t flags;   // set of enum tophash_hit_flags, written last
  uint32_t reserved;
};

#endif
