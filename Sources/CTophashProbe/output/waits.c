// The file of waits.

#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

#include "tophash_probe.h"

static struct tophash_waits waits;

bool tophash_waits_open(const char *session) {
  uint8_t *bytes = tophash_events_map(session, "waits", TOPHASH_WAIT_FILE_BYTES);
  if (bytes == NULL) return false;
  waits = tophash_waits_make(bytes);
  waits.header->pid = (uint32_t)getpid();
  // Release: the file is complete for whoever reads the magic.
  __atomic_store_n(&waits.header->magic, TOPHASH_WAIT_MAGIC, __ATOMIC_RELEASE);
  // Release: hooks that see the pointer see what it points at.
  __atomic_store_n(&tophash_process.waits, &waits, __ATOMIC_RELEASE);
  return true;
}
