//===----------------------------------------------------------------------===//
// What the probe writes and the tool reads.
//
// The probe runs inside the program that is checked. It records raw facts
// (addresses, words, stacks) into one file per process, mapped and shared, so
// that whatever was written survives a crash, `_exit` and SIGKILL. The tool
// turns facts into words. Nothing here is meant to last beyond one run: tool
// and probe are built together, and `TOPHASH_PROTOCOL_VERSION` says so.
//
// The file, in this order (offsets are in the header):
//
//   header      TOPHASH_HEADER_BYTES
//   counters    TOPHASH_COUNTERS  x struct tophash_counters
//   locks       TOPHASH_LOCKS     x uint64_t, a set of lock addresses
//   images      TOPHASH_IMAGES    x struct tophash_image
//   conflicts   TOPHASH_CONFLICTS x struct tophash_conflict
//   visits      TOPHASH_VISITS    x struct tophash_visited, a set by `pc`
//   scopes      TOPHASH_SCOPES    x struct tophash_scope, by number; none has the number 0
//
// All integers are in the machine's byte order: both sides run on one machine.
// Fields that several threads write are plain integers here (Swift cannot
// import `_Atomic`); the probe touches them only by `__atomic` built-ins.
//===----------------------------------------------------------------------===//

#ifndef TOPHASH_PROTOCOL_H
#define TOPHASH_PROTOCOL_H

#include <stdint.h>

#define TOPHASH_PROTOCOL_VERSION 3u
#define TOPHASH_MAGIC 0x31485348504f5400ull  // "\0TOPHSH1"

#define TOPHASH_HEADER_BYTES 4096
#define TOPHASH_COUNTERS 512
#define TOPHASH_LOCKS 4096
#define TOPHASH_IMAGES 512
#define TOPHASH_CONFLICTS 64
#define TOPHASH_VISITS 4096
#define TOPHASH_SCOPES 4096
#define TOPHASH_FRAMES 64
#define TOPHASH_ASYNC_FRAMES 32
#define TOPHASH_STACK_BYTES 8192
#define TOPHASH_SNAPSHOT_BYTES 16384

// Environment, set by the tool and read by the probe's constructor.
//
// TOPHASH_SESSION: a directory. Each checked process creates
// `<pid>.<start time>.tophash` there. Without this variable the probe is inert.
//
// `learned.traps` in that directory, where it is there: traps that earlier runs
// set, one a line: hold in nanoseconds, return address in the file as
// hexadecimal digits, path of the image.
//
// TOPHASH_PROBE: `key=value` pairs separated by `:`. Unknown keys are ignored.
//   hook=auto|interpose   entry patching with interposition as fallback, or interposition only
//   traps=0|1             hold modifications open after a near miss (default 1)
//   budget=N              share of run time, in tenths of a percent, that all holds may take (default 100)
//   gate=0|1              watch storage that is about to be modified in place (default 1)
//   clocks=0|1            follow what orders accesses, and report those that nothing does (default 0)
//   scopes=0|1            follow which test started what (default 0)
//   accesses=0|1          see accesses; without, nothing is caught (default 1)
//   waits=0|1             measure what threads and tasks wait for (default 0)
//   timeline=0|1          record what happens when (default 0)
//   halt=0|1              stop after a conflict until the tool has judged it (default 0)
//   seed=N                seeds the choice of which visits are held (default 0)

/// How the probe sees accesses. A bit set.
enum tophash_hook {
  TOPHASH_HOOK_NONE = 0,
  TOPHASH_HOOK_INTERPOSED = 1,  // calls between images, through the dynamic linker
  TOPHASH_HOOK_PATCHED = 2,     // the runtime's own entry points: also key paths and static runtimes
  TOPHASH_HOOK_GATE = 4,        // the question before storage is modified in place
};

/// How far the probe got in this process.
enum tophash_state {
  TOPHASH_STATE_STARTING = 0,
  TOPHASH_STATE_WATCHING = 1,  // hooks in place and self-test passed
  TOPHASH_STATE_REFUSED = 2,   // see `refusal`; the program runs unchecked
  TOPHASH_STATE_WAITING = 3,   // no Swift runtime in this process (yet)
};

/// Why the probe cannot work in this process.
enum tophash_refusal {
  TOPHASH_REFUSAL_NONE = 0,
  TOPHASH_REFUSAL_UNKNOWN_RUNTIME = 1,  // the self-test's access was not seen, or not as expected
  TOPHASH_REFUSAL_SANITIZER = 2,        // ThreadSanitizer or AddressSanitizer is loaded
  TOPHASH_REFUSAL_NO_HOOK = 3,          // a static runtime whose entry points could not be patched
};

/// Whether the probe follows order in this process.
enum tophash_order {
  TOPHASH_ORDER_IGNORED = 0,   // not asked to
  TOPHASH_ORDER_FOLLOWED = 1,
  TOPHASH_ORDER_UNKNOWN = 2,   // asked to, but not all that orders can be seen here
};

/// How well a conflict is proven.
enum tophash_proof {
  TOPHASH_PROOF_OVERLAP = 0,   // both accesses were open at the same moment
  TOPHASH_PROOF_UNORDERED = 1, // nothing was seen that orders them
};

struct tophash_header {
  uint64_t magic;  // written last: the file is complete when it is there
  uint32_t version;
  uint32_t state;    // enum tophash_state
  uint32_t refusal;  // enum tophash_refusal
  uint32_t hook;     // set of enum tophash_hook
  uint32_t pid;
  uint32_t parent_pid;
  uint64_t start_ns;  // CLOCK_MONOTONIC
  uint64_t end_ns;    // 0 unless the process ended by exit() or _exit()

  uint32_t counters_offset;
  uint32_t locks_offset;
  uint32_t images_offset;
  uint32_t conflicts_offset;
  uint32_t visits_offset;
  uint32_t visits_dropped;  // sites for which there was no slot left

  uint32_t image_count;
  uint32_t conflict_count;    // slots in use; a slot counts once its `state` is complete
  uint64_t conflicts_seen;    // with repeats of known ones
  uint64_t conflicts_dropped; // no slot left
  uint64_t accesses_dropped;  // the bucket was full: the access was not watched
  uint64_t near_misses;
  uint64_t traps_armed;
  uint64_t holds;
  uint64_t held_ns;
  uint64_t threads_seen;
  uint32_t order;  // enum tophash_order
  uint32_t scopes_offset;

  char program[1024];    // path of the executable, NUL-terminated, cut if longer
  char arguments[1024];  // NUL between arguments, two NUL at the end, cut if longer
};

/// One thread's counters; threads may share a line when there are very many.
struct tophash_counters {
  uint64_t tracked;        // accesses with a begin and an end
  uint64_t instantaneous;  // checks without an end: seen, counted, never reported
  uint64_t tasks_entered;  // times a task began or resumed here
  uint64_t reserved[5];
};

struct tophash_image {
  uint64_t base;  // load bias: address in memory - address in the file
  uint64_t low;   // first mapped address
  uint64_t high;  // one past the last
  char path[232]; // absolute where known
};

enum tophash_visited_flags {
  TOPHASH_VISITED_SHARED = 1,  // the variable had been accessed by another owner before
};

/// A site at which tracked accesses were looked at: each of its first ones on a
/// thread, then one in many.
struct tophash_visited {
  uint64_t pc;  // return address of the begin; 0 when free
  uint64_t hold_ns;  // how long a trap holds here; 0 without one
  uint64_t held_ns;  // how long it has held in all
  uint32_t flags;    // set of enum tophash_visited_flags
  uint32_t holds;
  uint32_t caught;  // holds in which another side came
  uint32_t near_misses;
  uint32_t delays;  // holds after which another side came at once, having waited
  uint32_t reserved;
};

enum tophash_side_flags {
  TOPHASH_SIDE_MODIFY = 1,       // the access may write
  TOPHASH_SIDE_TASK = 2,         // the owner is a Swift task; else a thread
  TOPHASH_SIDE_HELD = 4,         // a trap held this access open
  TOPHASH_SIDE_STABLE = 8,       // the entry was still open after its stack was read: the stack is exact
  TOPHASH_SIDE_SUSPENDED = 16,   // the task is not on a thread now; only the site is known
  TOPHASH_SIDE_AMENDED = 32,     // the side itself filled in what only it can know (names)
  TOPHASH_SIDE_ITEM = 64,        // the owner is a work item of Dispatch, on thread `tid`
  TOPHASH_SIDE_UNNAMED = 128,    // over long ago: who made it is not known any more
};

struct tophash_side {
  uint64_t pc;       // return address of the begin: symbolise pc - 1
  uint64_t owner;    // identity: equal owners are one task or thread
  uint64_t task_id;  // as shown by the runtime; 0 when not a task or not known
  uint32_t tid;
  uint32_t flags;  // set of enum tophash_side_flags
  char thread_name[32];
  char queue_label[96];
  char task_name[96];
  uint32_t frame_count;  // frames[0] is pc
  uint32_t async_count;
  uint64_t frames[TOPHASH_FRAMES];              // return addresses, innermost first, by frame pointers
  uint64_t async_frames[TOPHASH_ASYNC_FRAMES];  // resume functions of the awaiting callers
  // The accessing function's registers and stack, to unwind where functions keep
  // no frame pointer. `stack` starts at `stack_pointer`.
  uint64_t stack_pointer;
  uint64_t frame_pointer;  // 0 when it does not point into the stack
  uint32_t stack_size;     // bytes used in `stack`
  uint32_t scope;          // number of the scope that the access was made in; 0: none, or not known
  uint8_t stack[TOPHASH_STACK_BYTES];
};

/// Two accesses of one variable.
struct tophash_conflict {
  uint32_t state;  // 0 free, 1 being written, 2 complete
  uint32_t verdict;  // with halt=1: 0 not judged, 1 go on, 2 stop (written by the tool)
  uint32_t proof;  // enum tophash_proof
  uint32_t flags;  // set of enum tophash_conflict_flags
  uint64_t time_ns;  // CLOCK_MONOTONIC
  uint64_t address;  // of the variable, or of its storage
  uint64_t repeats;  // times the same pair of sites met again
  struct tophash_side sides[2];  // [0] began before [1]
  uint32_t snapshot_size;        // bytes used in `snapshot`
  uint32_t subject;              // enum tophash_subject
  // Memory that names the variable: a sequence of
  //   uint64_t address, uint32_t size, uint32_t kind, then `size` bytes padded to 8.
  uint8_t snapshot[TOPHASH_SNAPSHOT_BYTES];
};

enum tophash_conflict_flags {
  TOPHASH_CONFLICT_EXPECTED = 1,  // a test said beforehand that it would come
};

/// A stretch of work with a name, such as a test: what runs in it, and all that this starts.
struct tophash_scope {
  uint32_t state;   // 0 free, 2 complete
  uint32_t parent;  // number of the scope that it was entered in; 0: none
  char name[120];
};

/// What a conflict is about.
enum tophash_subject {
  TOPHASH_SUBJECT_VARIABLE = 0,
  TOPHASH_SUBJECT_STORAGE = 1,  // the buffer that a variable refers to; which one is not known
};

/// What a piece of a snapshot is.
enum tophash_snapshot_kind {
  TOPHASH_SNAPSHOT_VALUE = 1,     // the first words of the variable itself
  TOPHASH_SNAPSHOT_OBJECT = 2,    // header of the heap object that holds the variable
  TOPHASH_SNAPSHOT_METADATA = 3,  // type metadata, starting 16 bytes before its address point
  TOPHASH_SNAPSHOT_STORAGE = 4,   // header of the object that the value points at
  TOPHASH_SNAPSHOT_MEMBERS = 5,   // more words of metadata that is too long for one piece
};

#endif
