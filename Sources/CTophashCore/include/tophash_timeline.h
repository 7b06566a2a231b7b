//===----------------------------------------------------------------------===//
// The flight recorder. To record an event is to write 32 bytes: no function here
// locks, allocates or calls the system, and all may be called from a signal handler.
//===----------------------------------------------------------------------===//

#ifndef TOPHASH_TIMELINE_H
#define TOPHASH_TIMELINE_H

#include <stddef.h>
#include <stdint.h>

#include "tophash_timeline_file.h"

#define TOPHASH_NO_STRING UINT16_MAX

/// The parts of a timeline file.
struct tophash_timeline {
  struct tophash_timeline_header *header;
  struct tophash_lane *lanes;
  struct tophash_string *strings;
  struct tophash_moment *events;
};

#define TOPHASH_TIMELINE_FILE_BYTES                                             \
  (TOPHASH_TIMELINE_HEADER_BYTES + TOPHASH_LANES * sizeof(struct tophash_lane) + \
   TOPHASH_STRINGS * sizeof(struct tophash_string) +                            \
   (size_t)TOPHASH_LANES * TOPHASH_LANE_EVENTS * sizeof(struct tophash_moment))

/// Lays a file out in `memory`, which is all zero. Without the magic number, which
/// says that it is complete.
struct tophash_timeline tophash_timeline_make(void *memory);

/// Writes an event over the oldest one of `lane`.
void tophash_timeline_record(const struct tophash_timeline *timeline, uint32_t lane,
                             const struct tophash_moment *event);

/// The number of a text; TOPHASH_NO_STRING when there are too many.
uint16_t tophash_timeline_intern(const struct tophash_timeline *timeline, const char *text,
                                 size_t length);

#endif
