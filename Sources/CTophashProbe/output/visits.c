// Which sites ran, by whom, and what their traps came to. Filled in where
// accesses are looked at closer, which is not the hot path.

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tophash_probe.h"

#define PROBES 16
#define OWNER_BITS 13

// The last owner that was seen at each variable. A stranger takes the place of
// another: then a variable may count as shared later, never wrongly. Memory that
// is freed and used again for another variable may count as shared.
static struct {
  uint64_t address;
  uint64_t identity;
} owners[1u << OWNER_BITS];

static uint64_t hash(uint64_t value, int bits) {
  return (value * 0x9E3779B97F4A7C15ull) >> (64 - bits);
}

/// The record of `pc`, made when there is none; NULL when there is no room.
static struct tophash_visited *visited(uint64_t pc) {
  uint64_t index = hash(pc, 12) % TOPHASH_VISITS;
  for (int probe = 0; probe < PROBES; probe++, index = (index + 1) % TOPHASH_VISITS) {
    struct tophash_visited *record = &tophash_events.visits[index];
    uint64_t found = __atomic_load_n(&record->pc, __ATOMIC_RELAXED);
    // Of two threads that take the same free place one wins; the other looks again.
    if (found == 0 && __atomic_compare_exchange_n(&record->pc, &found, pc, false, __ATOMIC_RELAXED,
                                                  __ATOMIC_RELAXED))
      return record;
    if (found == pc) return record;
  }
  return NULL;
}

void tophash_visits_note(uint64_t pc, uint64_t address, uint64_t identity) {
  struct tophash_visited *record = visited(pc);
  if (record == NULL) {
    __atomic_fetch_add(&tophash_events.header->visits_dropped, 1, __ATOMIC_RELAXED);
    return;
  }
  uint64_t index = hash(address >> 3, OWNER_BITS);
  bool is_known = __atomic_load_n(&owners[index].address, __ATOMIC_RELAXED) == address;
  if (is_known && __atomic_load_n(&owners[index].identity, __ATOMIC_RELAXED) != identity)
    __atomic_fetch_or(&record->flags, TOPHASH_VISITED_SHARED, __ATOMIC_RELAXED);
  __atomic_store_n(&owners[index].identity, identity, __ATOMIC_RELAXED);
  __atomic_store_n(&owners[index].address, address, __ATOMIC_RELAXED);
  uint32_t near_misses = 0;
  uint64_t hold = tophash_traps_hold(tophash_process.traps, pc, &near_misses);
  __atomic_store_n(&record->near_misses, near_misses, __ATOMIC_RELAXED);
  __atomic_store_n(&record->hold_ns, hold, __ATOMIC_RELAXED);
}

void tophash_visits_held(uint64_t pc, uint64_t held_ns, bool caught) {
  struct tophash_visited *record = visited(pc);
  if (record == NULL) return;
  __atomic_fetch_add(&record->holds, 1, __ATOMIC_RELAXED);
  __atomic_fetch_add(&record->held_ns, held_ns, __ATOMIC_RELAXED);
  if (caught) __atomic_fetch_add(&record->caught, 1, __ATOMIC_RELAXED);
}

void tophash_visits_delayed(uint64_t pc) {
  struct tophash_visited *record = visited(pc);
  if (record != NULL) __atomic_fetch_add(&record->delays, 1, __ATOMIC_RELAXED);
}

/// One line: nanoseconds, return address in the file, path of the image.
static void learn(const char *line) {
  char *rest;
  uint64_t hold_ns = strtoull(line, &rest, 10);
  if (*rest != ' ' || hold_ns == 0) return;
  uint64_t address = strtoull(rest + 1, &rest, 16);
  if (*rest != ' ' || address == 0) return;
  uint64_t pc = tophash_events_address(rest + 1, address);
  if (pc == 0) return;
  tophash_traps_learn(tophash_process.traps, pc, hold_ns);
  tophash_gate_arm(pc);
}

void tophash_visits_learn(const char *session) {
  static char path[4096], text[1 << 16];
  int length = snprintf(path, sizeof path, "%s/learned.traps", session);
  if (length < 0 || (size_t)length >= sizeof path) return;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  if (size <= 0) return;
  text[size] = 0;
  for (char *line = text; *line != 0;) {
    char *end = strchr(line, '\n');
    if (end == NULL) return;  // cut: the last line may be another one's beginning
    *end = 0;
    learn(line);
    line = end + 1;
  }
}
