// The file of the timeline, and which accesses go into it.

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tophash_probe.h"

static struct tophash_timeline timeline;

bool tophash_timeline_open(const char *session) {
  uint8_t *bytes = tophash_events_map(session, "timeline", TOPHASH_TIMELINE_FILE_BYTES);
  if (bytes == NULL) return false;
  timeline = tophash_timeline_make(bytes);
  timeline.header->pid = (uint32_t)getpid();
  // Release: the file is complete for whoever reads the magic.
  __atomic_store_n(&timeline.header->magic, TOPHASH_TIMELINE_MAGIC, __ATOMIC_RELEASE);
  // Release: hooks that see the pointer see what it points at.
  __atomic_store_n(&tophash_process.timeline, &timeline, __ATOMIC_RELEASE);
  return true;
}

// MARK: Chosen accesses

// Return addresses, a set with open addressing; written before the process is watched.
#define CHOSEN 4096
static uint64_t chosen[CHOSEN];
static bool has_chosen;

static uint32_t first_place(uint64_t pc) {
  return (uint32_t)(pc * 0x9E3779B97F4A7C15ull >> 52) % CHOSEN;
}

bool tophash_timeline_is_chosen(uint64_t pc) {
  if (!has_chosen) return false;
  for (uint32_t place = first_place(pc); chosen[place] != 0; place = (place + 1) % CHOSEN)
    if (chosen[place] == pc) return true;
  return false;
}

static void choose(uint64_t pc) {
  static uint32_t count;
  if (count == CHOSEN / 2) return;  // so that a search always ends
  uint32_t place = first_place(pc);
  while (chosen[place] != 0 && chosen[place] != pc) place = (place + 1) % CHOSEN;
  if (chosen[place] == 0) count++;
  chosen[place] = pc;
  has_chosen = true;
}

void tophash_timeline_choose(const char *session) {
  static char path[4096], text[1 << 16];
  int length = snprintf(path, sizeof path, "%s/chosen.sites", session);
  if (length < 0 || (size_t)length >= sizeof path) return;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  if (size <= 0) return;
  text[size] = 0;
  char *end;
  for (char *line = text; (end = strchr(line, '\n')) != NULL; line = end + 1) {
    *end = 0;
    char *rest;
    uint64_t address = strtoull(line, &rest, 16), pc;
    if (*rest == ' ' && (pc = tophash_events_address(rest + 1, address)) != 0) choose(pc);
  }
}
