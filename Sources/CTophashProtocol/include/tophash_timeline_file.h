//===----------------------------------------------------------------------===//
// What happened when: a third file per process, made only when `TOPHASH_PROBE` says
// `timeline=1`. It is named like the event file beside it, with `.timeline` in place
// of `.tophash`, and like it a shared mapping. Its events go round in rings, so that it
// always holds the last ones: a flight recorder.
//
// In this order (offsets are in the header):
//
//   header    TOPHASH_TIMELINE_HEADER_BYTES
//   lanes     TOPHASH_LANES    x struct tophash_lane
//   strings   TOPHASH_STRINGS  x struct tophash_string, a set by `key`
//   events    TOPHASH_LANES    x TOPHASH_LANE_EVENTS x struct tophash_moment
//===----------------------------------------------------------------------===//

#ifndef TOPHASH_TIMELINE_FILE_H
#define TOPHASH_TIMELINE_FILE_H

#include <stdint.h>

#define TOPHASH_TIMELINE_VERSION 2u
#define TOPHASH_TIMELINE_MAGIC 0x314d49545f5f5400ull  // "\0T__TIM1"

#define TOPHASH_TIMELINE_HEADER_BYTES 4096
#define TOPHASH_LANES 64
#define TOPHASH_LANE_EVENTS 8192
#define TOPHASH_STRINGS 512

/// What an event says. `task` is the runtime's number of a task, or 0.
enum tophash_moment_kind {
  TOPHASH_MOMENT_NONE = 0,
  TOPHASH_MOMENT_TASK_ENTER = 1,   // a task begins or resumes on the thread; what: task
  TOPHASH_MOMENT_TASK_LEAVE = 2,   // what: task
  TOPHASH_MOMENT_WAIT = 3,         // a wait that is over; what: place in the wait file, since
  TOPHASH_MOMENT_QUEUED = 4,       // a task gets in line; what: its address, more: place
  TOPHASH_MOMENT_THROUGH = 5,      // a task is through; what: its address, since, more: place
  TOPHASH_MOMENT_ITEM_SUBMIT = 6,  // a work item; what: its number, more: string, the queue
  TOPHASH_MOMENT_ITEM_BEGIN = 7,   // the same
  TOPHASH_MOMENT_ITEM_END = 8,     // what: its number
  TOPHASH_MOMENT_HOLD = 9,         // an access was held open; what: pc, since
  TOPHASH_MOMENT_ACCESS_BEGIN = 10,  // of a chosen variable; what: pc, since: the variable's
                                     // address, more: whether it modifies
  TOPHASH_MOMENT_ACCESS_END = 11,    // what: pc, since: the address
  TOPHASH_MOMENT_REGION_BEGIN = 12,  // of the program's own; what: task, more: string
  TOPHASH_MOMENT_REGION_END = 13,    // the same
  TOPHASH_MOMENT_LOG = 14,           // the same
  TOPHASH_MOMENT_COUNT = 15,         // what: the bits of a number, more: string, its name
  TOPHASH_MOMENT_REGION_OPEN = 16,   // a region that may end elsewhere; what: its number, since:
                                     // task, more: string
  TOPHASH_MOMENT_REGION_CLOSE = 17,  // what: its number, since: task
};

struct tophash_timeline_header {
  uint64_t magic;  // written last
  uint32_t version;
  uint32_t pid;
  uint32_t lanes_offset;
  uint32_t strings_offset;
  uint32_t events_offset;
  uint32_t reserved;
  uint64_t strings_dropped;
};

/// A ring of events, and what its thread does now. Threads share one when there are
/// many; then it shows the one that came last.
struct tophash_lane {
  uint64_t next;  // events written so far
  uint64_t since_ns;  // since when the task runs
  uint32_t tid;
  uint32_t task;  // that runs now; 0: none
  uint64_t executor;  // of that task: type metadata of its actor or executor; 0: the pool
  uint64_t waiter;    // how the thread is called in the file of waits
  uint64_t reserved[3];
};

/// A word of 32 bytes.
struct tophash_moment {
  uint64_t time_ns;  // CLOCK_MONOTONIC; 0: being written
  uint64_t what;
  uint64_t since_ns;
  uint32_t tid;
  uint16_t kind;  // enum tophash_moment_kind
  uint16_t more;
};

struct tophash_string {
  uint64_t key;  // 0: free
  uint32_t state;  // 1: complete
  char text[52];   // cut if longer
};

#endif
