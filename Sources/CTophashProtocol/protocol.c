// The protocol is its header. This file only checks, at compile time, the layout that
// the tool reads by offset.
#include "tophash_protocol.h"
#include "tophash_watch_protocol.h"

#include <stddef.h>

_Static_assert(sizeof(struct tophash_counters) == 64, "one cache line per thread");
_Static_assert(sizeof(struct tophash_header) <= TOPHASH_HEADER_BYTES, "the header has its page");
_Static_assert(offsetof(struct tophash_conflict, snapshot) % 8 == 0, "snapshot is read as words");
_Static_assert(sizeof(struct tophash_watch_header) <= TOPHASH_HEADER_BYTES, "it has its page");
