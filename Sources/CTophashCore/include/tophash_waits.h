//===----------------------------------------------------------------------===//
// Where threads and tasks wait, added up by place.
//
// A place is found, and who waits is noted, before the wait: whoever comes out of
// it holds a lock that others want, and has little to do then. No function here
// locks, allocates or calls the system; all may be called from a signal handler.
//===----------------------------------------------------------------------===//

#ifndef TOPHASH_WAITS_H
#define TOPHASH_WAITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tophash_wait_file.h"

/// No place, or no note of who waits.
#define TOPHASH_NO_WAIT UINT32_MAX

/// The parts of a wait file.
struct tophash_waits {
  struct tophash_wait_header *header;
  struct tophash_wait *waits;
  struct tophash_waiting *waiting;
};

#define TOPHASH_WAIT_FILE_BYTES                                      \
  (TOPHASH_WAIT_HEADER_BYTES + TOPHASH_WAITS * sizeof(struct tophash_wait) + \
   TOPHASH_WAITING * sizeof(struct tophash_waiting))

/// Lays a file out in `memory`, which is all zero. Without the magic number, which
/// says that it is complete.
struct tophash_waits tophash_waits_make(void *memory);

/// The place of a wait of `kind` with the stack `frames`, of which no more than
/// TOPHASH_WAIT_FRAMES count. `salt` tells apart what the stack does not. `is_new` says that
/// the caller has to fill in what else is known, and to call `tophash_waits_complete`.
/// TOPHASH_NO_WAIT when there are too many.
uint32_t tophash_waits_place(const struct tophash_waits *waits, uint32_t kind,
                             const uint64_t *frames, uint32_t count, uint64_t salt, bool *is_new);
void tophash_waits_complete(const struct tophash_waits *waits, uint32_t place);

/// Notes that `who` waits at `place`, and returns where it is noted. Somebody who is
/// noted already stays as they are.
uint32_t tophash_waits_begin(const struct tophash_waits *waits, uint64_t who, uint32_t place,
                             uint64_t now_ns);

/// Ends what is noted at `slot`.
void tophash_waits_forget(const struct tophash_waits *waits, uint32_t slot);

/// Ends what is noted of `who`, and returns since when and where; `wait` is
/// TOPHASH_NO_WAIT when nothing is.
struct tophash_waiting tophash_waits_take(const struct tophash_waits *waits, uint64_t who);

/// Adds a wait that is over. A place of TOPHASH_NO_WAIT is counted as dropped.
void tophash_waits_add(const struct tophash_waits *waits, uint32_t place, uint64_t ns);

#endif
