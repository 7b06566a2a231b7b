//===----------------------------------------------------------------------===//
// Where threads and tasks waited: a second file per process, made only when
// `TOPHASH_PROBE` says `waits=1`. It is named like the event file beside it, with
// `.waits` in place of `.tophash`, and like it a shared mapping, so that a program
// that hangs can be killed and still tells where it hung.
//
// In this order (offsets are in the header):
//
//   header     TOPHASH_WAIT_HEADER_BYTES
//   waits      TOPHASH_WAITS    x struct tophash_wait, a set by `key`
//   waiting    TOPHASH_WAITING  x struct tophash_waiting, a set by `who`
//===----------------------------------------------------------------------===//

#ifndef TOPHASH_WAIT_FILE_H
#define TOPHASH_WAIT_FILE_H

#include <stdint.h>

#define TOPHASH_WAIT_VERSION 1u
#define TOPHASH_WAIT_MAGIC 0x31544941575f5400ull  // "\0T_WAIT1"

#define TOPHASH_WAIT_HEADER_BYTES 4096
#define TOPHASH_WAITS 1024
#define TOPHASH_WAITING 16384
#define TOPHASH_WAIT_FRAMES 32
#define TOPHASH_WAIT_ASYNC_FRAMES 16
#define TOPHASH_WAIT_STACK_BYTES 4096

/// What is waited for.
enum tophash_wait_kind {
  TOPHASH_WAIT_NONE = 0,
  // Others that were first: what they do is what it costs.
  TOPHASH_WAIT_MUTEX = 1,      // a lock with one holder
  TOPHASH_WAIT_READ_LOCK = 2,  // a reader-writer lock, to read
  TOPHASH_WAIT_WRITE_LOCK = 3, // and to write
  TOPHASH_WAIT_QUEUE = 4,      // a Dispatch queue, for work that its submitter waits for
  TOPHASH_WAIT_BARRIER = 5,    // the same as a barrier
  TOPHASH_WAIT_SEMAPHORE = 6,  // a semaphore that began above 0
  TOPHASH_WAIT_ACTOR = 7,      // a task that is ready to run on an actor
  // Something that has yet to happen.
  TOPHASH_WAIT_SIGNAL = 8,     // a semaphore that began at 0
  TOPHASH_WAIT_CONDITION = 9,
  TOPHASH_WAIT_GROUP = 10,     // a Dispatch group, until it is empty
  TOPHASH_WAIT_ITEM = 11,      // a Dispatch work item, until it is done
  TOPHASH_WAIT_THREAD = 12,    // a thread, until it ends
  // Of tasks, too: ready to run, and the pool has no thread for it.
  TOPHASH_WAIT_POOL = 13,
  TOPHASH_WAIT_KINDS = 14,
};

struct tophash_wait_header {
  uint64_t magic;  // written last
  uint32_t version;
  uint32_t pid;
  uint32_t waits_offset;
  uint32_t waiting_offset;
  uint64_t waits_dropped;    // ended without a record: too many places
  uint64_t waiting_dropped;  // could not be noted while they lasted
  uint32_t sees_actors;      // whether tasks that wait for an actor are seen
  uint32_t reserved;
};

/// One place at which threads or tasks waited for one kind of thing.
struct tophash_wait {
  uint64_t key;  // 0: free
  uint32_t kind;   // enum tophash_wait_kind
  uint32_t state;  // 0: being written; 1: all but the numbers stays as it is
  uint64_t count;
  uint64_t total_ns;
  uint64_t longest_ns;
  uint64_t object;    // what was waited for the first time
  uint64_t metadata;  // the first word of an actor
  char label[48];     // of a queue, cut if longer
  uint32_t frame_count;
  uint32_t async_count;
  uint64_t frames[TOPHASH_WAIT_FRAMES];  // return addresses, innermost first
  uint64_t async_frames[TOPHASH_WAIT_ASYNC_FRAMES];  // resume functions, the first time
  // The waiting function's registers and stack the first time, to unwind where
  // functions keep no frame pointer. `stack` starts at `stack_pointer`.
  uint64_t stack_pointer;
  uint64_t frame_pointer;
  uint32_t stack_size;
  uint32_t reserved;
  uint8_t stack[TOPHASH_WAIT_STACK_BYTES];
};

/// Somebody who waits now.
struct tophash_waiting {
  uint64_t who;       // 0: free
  uint64_t since_ns;  // CLOCK_MONOTONIC
  uint64_t wait;      // index into waits
};

#endif
