// What to watch, read from the tool's file.

#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "watch.h"

struct tophash_watch tophash_watch;

/// Where the image at `path` is loaded; false when it is not.
static bool find_image(const char *path, uint64_t *base) {
  uint32_t count = __atomic_load_n(&tophash_events.header->image_count, __ATOMIC_ACQUIRE);
  for (uint32_t i = 0; i < count && i < TOPHASH_IMAGES; i++) {
    static char resolved[PATH_MAX];
    const struct tophash_image *image = &tophash_events.images[i];
    bool is_same = strcmp(image->path, path) == 0 ||
                   (realpath(image->path, resolved) != NULL && strcmp(resolved, path) == 0);
    if (!is_same) continue;
    *base = image->base;
    return true;
  }
  return false;
}

static void add(uint32_t number, struct tophash_watch_target target, const char *path) {
  uint64_t base;
  bool is_sound = number < TOPHASH_WATCH_SLOTS && target.length > 0 && target.length <= 8;
  if (!is_sound || (path != NULL && !find_image(path, &base))) return;
  switch (target.kind) {
    case TOPHASH_WATCH_GLOBAL: target.address += base; break;
    case TOPHASH_WATCH_PROPERTY:
      target.descriptor += base;
      tophash_watch.has_properties = true;
      break;
    case TOPHASH_WATCH_PLACES:
      tophash_watch_add_place(number, target.address + base);
      tophash_watch.has_places = true;
      break;
    case TOPHASH_WATCH_ANY: break;
  }
  tophash_watch.targets[number] = target;
  if (number >= tophash_watch.target_count) tophash_watch.target_count = number + 1;
}

/// Of a variable that was read before.
static void add_key(uint32_t number, char part, const char *text) {
  static char texts[TOPHASH_WATCH_SLOTS][TOPHASH_WATCH_KEY_BYTES];
  if (number >= tophash_watch.target_count) return;
  snprintf(texts[number], sizeof texts[number], "%s", text);
  tophash_watch.targets[number].key = texts[number];
  tophash_watch.targets[number].is_control = part == 'c';
  tophash_watch.has_keys = true;
}

static void read_line(const char *line) {
  struct tophash_watch *watch = &tophash_watch;
  struct tophash_watch_target target = {.length = 8, .offset = -1};
  unsigned long long number;
  uint32_t index;
  char part;
  int rest = 0;
  if (sscanf(line, "global %u %u %lx %n", &index, &target.length, &target.address, &rest) == 3 &&
      rest > 0) {
    target.kind = TOPHASH_WATCH_GLOBAL;
    return add(index, target, line + rest);
  }
  if (sscanf(line, "property %u %u %lx %ld %u %n", &index, &target.length, &target.descriptor,
             &target.offset, &target.vector, &rest) == 5 &&
      rest > 0) {
    target.kind = TOPHASH_WATCH_PROPERTY;
    return add(index, target, line + rest);
  }
  if (sscanf(line, "place %u %u %lx %n", &index, &target.length, &target.address, &rest) == 3 &&
      rest > 0) {
    target.kind = TOPHASH_WATCH_PLACES;
    return add(index, target, line + rest);
  }
  if (sscanf(line, "any %u", &index) == 1) {
    target.kind = TOPHASH_WATCH_ANY;
    return add(index, target, NULL);
  }
  // One space: the text of a key may begin with one.
  if (sscanf(line, "key %u %c%n", &index, &part, &rest) == 2 && line[rest] == ' ')
    return add_key(index, part, line + rest + 1);
  if (strcmp(line, "method software") == 0) watch->is_software = true;
  if (sscanf(line, "reads %llu", &number) == 1) watch->reads = number != 0;
  if (sscanf(line, "limit %llu", &number) == 1) watch->limit = number;
  if (sscanf(line, "rate %llu", &number) == 1) watch->rate = number;
  if (sscanf(line, "object %llu", &number) == 1) watch->object = (uint32_t)number;
  if (sscanf(line, "hold %llu", &number) == 1) watch->hold_ns = number;
  if (strncmp(line, "thread ", 7) == 0)
    snprintf(watch->thread, sizeof watch->thread, "%s", line + 7);
}

bool tophash_watch_read_targets(const char *session) {
  static char path[4096], text[1 << 15];
  int length = snprintf(path, sizeof path, "%s/watch", session);
  if (length < 0 || (size_t)length >= sizeof path) return false;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  if (size <= 0) return false;
  text[size] = 0;
  for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
    *end = 0;
    read_line(line);
  }
  return tophash_watch.target_count > 0;
}
