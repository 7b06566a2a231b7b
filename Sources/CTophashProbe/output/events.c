// The file that events are written to: a shared mapping, so that what was
// written is there for the tool however the process ends.

#define _GNU_SOURCE
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tophash_probe.h"

#define COUNTERS_OFFSET TOPHASH_HEADER_BYTES
#define LOCKS_OFFSET (COUNTERS_OFFSET + TOPHASH_COUNTERS * sizeof(struct tophash_counters))
#define IMAGES_OFFSET (LOCKS_OFFSET + TOPHASH_LOCKS * sizeof(uint64_t))
#define CONFLICTS_OFFSET (IMAGES_OFFSET + TOPHASH_IMAGES * sizeof(struct tophash_image))
#define VISITS_OFFSET (CONFLICTS_OFFSET + TOPHASH_CONFLICTS * sizeof(struct tophash_conflict))
#define SCOPES_OFFSET (VISITS_OFFSET + TOPHASH_VISITS * sizeof(struct tophash_visited))
#define FILE_BYTES (SCOPES_OFFSET + TOPHASH_SCOPES * sizeof(struct tophash_scope))

// Where events go without a file: untouched pages of it cost nothing.
static _Alignas(4096) uint8_t scratch[FILE_BYTES];

#define EVENTS_AT(base)                                          \
  (struct tophash_events) {                                      \
    .header = (void *)(base),                                    \
    .counters = (void *)((base) + COUNTERS_OFFSET),              \
    .locks = (void *)((base) + LOCKS_OFFSET),                    \
    .images = (void *)((base) + IMAGES_OFFSET),                  \
    .conflicts = (void *)((base) + CONFLICTS_OFFSET),            \
    .visits = (void *)((base) + VISITS_OFFSET),                  \
    .scopes = (void *)((base) + SCOPES_OFFSET),                  \
  }

struct tophash_events tophash_events = EVENTS_AT(scratch);

// In a forked child: the file of its parent, still mapped.
static struct tophash_events inherited = EVENTS_AT(scratch);

// When this process began to write; 0 before it does.
static uint64_t start;

// True while a thread notes images.
static bool noting;

static void read_file(const char *path, char *into, size_t capacity) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  ssize_t size = read(file, into, capacity - 2);
  if (size < 0) size = 0;
  memset(into + size, 0, capacity - (size_t)size);
  close(file);
}

void *tophash_events_map(const char *session, const char *extension, size_t size) {
  // Not on the stack, which may be that of a signal handler. One thread comes here.
  static char path[4096];
  // Growing a file beyond its limit is a signal that ends the program.
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < size) return NULL;
  // All files of one process have its first one's time in their names.
  if (start == 0) start = tophash_now_ns();
  int length = snprintf(path, sizeof path, "%s/%d.%llu.%s", session, (int)getpid(),
                        (unsigned long long)start, extension);
  if (length < 0 || (size_t)length >= sizeof path) return NULL;
  int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return NULL;
  // Takes the room now: writing to a mapping of a file that the disk cannot
  // hold is a bus error, in the middle of somebody's program.
  void *bytes = MAP_FAILED;
  if (posix_fallocate(file, 0, (off_t)size) == 0)
    bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (bytes != MAP_FAILED) return bytes;
  unlink(path);
  return NULL;
}

bool tophash_events_open(const char *session) {
  uint8_t *bytes = tophash_events_map(session, "tophash", FILE_BYTES);
  if (bytes == NULL) return false;
  struct tophash_events events = EVENTS_AT(bytes);
  events.header->version = TOPHASH_PROTOCOL_VERSION;
  events.header->pid = (uint32_t)getpid();
  events.header->parent_pid = (uint32_t)getppid();
  events.header->start_ns = start;
  events.header->counters_offset = COUNTERS_OFFSET;
  events.header->locks_offset = LOCKS_OFFSET;
  events.header->images_offset = IMAGES_OFFSET;
  events.header->conflicts_offset = CONFLICTS_OFFSET;
  events.header->visits_offset = VISITS_OFFSET;
  events.header->scopes_offset = SCOPES_OFFSET;
  ssize_t size = readlink("/proc/self/exe", events.header->program, sizeof events.header->program - 1);
  if (size < 0) events.header->program[0] = 0;
  read_file("/proc/self/cmdline", events.header->arguments, sizeof events.header->arguments);
  tophash_events = events;
  // Release: the file is complete for whoever reads the magic.
  __atomic_store_n(&events.header->magic, TOPHASH_MAGIC, __ATOMIC_RELEASE);
  return true;
}

void tophash_events_detach(void) {
  if (tophash_events.header != (void *)scratch) inherited = tophash_events;
  tophash_events = EVENTS_AT(scratch);
  start = 0;
  noting = false;  // whoever did is not in this process
}

void tophash_events_inherit(void) {
  // Acquire: partner of the count's release in `note_image`.
  uint32_t count = __atomic_load_n(&inherited.header->image_count, __ATOMIC_ACQUIRE);
  memcpy(tophash_events.images, inherited.images, count * sizeof *inherited.images);
  __atomic_store_n(&tophash_events.header->image_count, count, __ATOMIC_RELEASE);
  if (tophash_process.has_scopes)
    memcpy(tophash_events.scopes, inherited.scopes, TOPHASH_SCOPES * sizeof *inherited.scopes);
}

void tophash_events_note_traps(void) {
  const struct tophash_traps *traps = tophash_process.traps;
  struct tophash_header *header = tophash_events.header;
  header->near_misses = traps->near_misses;
  header->traps_armed = traps->armed;
  header->holds = traps->holds;
  header->held_ns = traps->held_ns;
}

#define LOCK_PROBES 8

static uint32_t lock_index(uint64_t address) {
  return (uint32_t)(((address >> 2) * 0x9E3779B97F4A7C15ull) >> 52) % TOPHASH_LOCKS;
}

bool tophash_events_is_lock(uint64_t address) {
  uint32_t index = lock_index(address);
  for (int probe = 0; probe < LOCK_PROBES; probe++, index = (index + 1) % TOPHASH_LOCKS) {
    uint64_t known = __atomic_load_n(&tophash_events.locks[index], __ATOMIC_RELAXED);
    if (known == address || known == 0) return known != 0;
  }
  return false;
}

void tophash_events_note_lock(uint64_t address) {
  uint32_t index = lock_index(address);
  for (int probe = 0; probe < LOCK_PROBES; probe++, index = (index + 1) % TOPHASH_LOCKS) {
    uint64_t known = __atomic_load_n(&tophash_events.locks[index], __ATOMIC_RELAXED);
    if (known == address) return;
    if (known == 0 &&
        __atomic_compare_exchange_n(&tophash_events.locks[index], &known, address, false,
                                    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
      return;
    if (known == address) return;
  }
  // Eight neighbours taken: the oldest guess gives way.
  __atomic_store_n(&tophash_events.locks[lock_index(address)], address, __ATOMIC_RELAXED);
}

static int note_image(struct dl_phdr_info *info, size_t size, void *unused) {
  (void)size, (void)unused;
  uint64_t low = UINT64_MAX, high = 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    if (info->dlpi_phdr[i].p_type != PT_LOAD) continue;
    uint64_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
    if (start < low) low = start;
    if (start + info->dlpi_phdr[i].p_memsz > high) high = start + info->dlpi_phdr[i].p_memsz;
  }
  if (low >= high) return 0;
  struct tophash_header *header = tophash_events.header;
  uint32_t count = __atomic_load_n(&header->image_count, __ATOMIC_RELAXED);
  for (uint32_t i = 0; i < count && i < TOPHASH_IMAGES; i++)
    if (tophash_events.images[i].low == low && tophash_events.images[i].high == high) return 0;
  if (count >= TOPHASH_IMAGES) return 1;
  struct tophash_image *image = &tophash_events.images[count];
  image->base = info->dlpi_addr;
  image->low = low;
  image->high = high;
  const char *path = info->dlpi_name;
  if (path == NULL || path[0] == 0) path = header->program;  // the program itself
  strncpy(image->path, path, sizeof image->path - 1);
  __atomic_store_n(&header->image_count, count + 1, __ATOMIC_RELEASE);
  return 0;
}

uint64_t tophash_events_address(const char *path, uint64_t address) {
  uint32_t count = __atomic_load_n(&tophash_events.header->image_count, __ATOMIC_ACQUIRE);
  for (uint32_t i = 0; i < count && i < TOPHASH_IMAGES; i++) {
    const struct tophash_image *image = &tophash_events.images[i];
    uint64_t here = image->base + address;
    if (here >= image->low && here < image->high && strcmp(image->path, path) == 0) return here;
  }
  return 0;
}

void tophash_events_note_images(void) {
  // One at a time. Whoever finds it busy goes on: the images get noted.
  if (__atomic_exchange_n(&noting, true, __ATOMIC_ACQUIRE)) return;
  dl_iterate_phdr(note_image, NULL);
  __atomic_store_n(&noting, false, __ATOMIC_RELEASE);
}
