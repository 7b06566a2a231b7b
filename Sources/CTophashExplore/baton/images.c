// Whose code is it: the program's, or that of the runtime and the system.

#include "tophash_explore.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>
#include <errno.h>
#include <sys/syscall.h>

#define RANGES_MAX 64

struct range {
  uint64_t low, high;
  bool is_foundation;
};

static struct range ranges[RANGES_MAX];
static uint32_t range_count;

static const char *const runtime_libraries[] = {
    "libswift",   "libdispatch", "libBlocksRuntime", "libc.",     "libstdc++", "libgcc_s", "libm.",
    "libpthread", "ld-linux",    "libicu",           "libTophash", "lib_Foundation", "libXCTest",
    "libTesting", "lib_Testing", "lib_StringProcessing",
};

static int note(struct dl_phdr_info *info, size_t size, void *unused) {
  (void)size, (void)unused;
  const char *name = strrchr(info->dlpi_name, '/');
  name = name != NULL ? name + 1 : info->dlpi_name;
  bool is_foundation = strncmp(name, "libFoundation", 13) == 0;
  bool is_runtime = is_foundation || strstr(name, "vdso") != NULL;
  for (size_t i = 0; i < sizeof runtime_libraries / sizeof *runtime_libraries; i++)
    is_runtime |= strncmp(name, runtime_libraries[i], strlen(runtime_libraries[i])) == 0;
  // Swift's face of Dispatch: what it calls, the program calls.
  if (strncmp(name, "libswiftDispatch.", 17) == 0) return 0;
  if (!is_runtime || range_count == RANGES_MAX) return 0;
  struct range range = {.low = UINT64_MAX, .is_foundation = is_foundation};
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &info->dlpi_phdr[i];
    if (part->p_type != PT_LOAD) continue;
    uint64_t low = info->dlpi_addr + part->p_vaddr, high = low + part->p_memsz;
    if (low < range.low) range.low = low;
    if (high > range.high) range.high = high;
  }
  ranges[range_count++] = range;
  return 0;
}

void tophash_images_find(void) {
  range_count = 0;
  dl_iterate_phdr(note, NULL);
}

static const struct range *range_of(const void *caller) {
  for (uint32_t i = 0; i < range_count; i++)
    if ((uint64_t)caller - ranges[i].low < ranges[i].high - ranges[i].low) return &ranges[i];
  return NULL;
}

bool tophash_is_own(const void *caller) {
  // Foundation's locks and threads are called by the program through it.
  const struct range *range = range_of(caller);
  return range == NULL || range->is_foundation;
}

bool tophash_is_program(const void *caller) { return range_of(caller) == NULL; }

void *tophash_original(const char *name) {
  // Of functions that exist in several versions, the newest.
  static const char *const condition_functions = "pthread_cond_";
  void *found = NULL;
  if (strncmp(name, condition_functions, strlen(condition_functions)) == 0)
    found = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2");
  return found != NULL ? found : dlsym(RTLD_NEXT, name);
}

long tophash_call(long number, long a, long b, long c, long d, long e, long f) {
  long result;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

uint32_t tophash_walk(void **frame, uint64_t *frames, uint32_t capacity) {
  uint32_t count = 0;
  uint64_t at = (uint64_t)frame;
  long process = tophash_call(SYS_getpid, 0, 0, 0, 0, 0, 0);
  while (count < capacity && at != 0 && at % 8 == 0) {
    uint64_t words[2];
    struct iovec into = {words, sizeof words}, from = {(void *)at, sizeof words};
    long got = tophash_call(SYS_process_vm_readv, process, (long)&into, 1, (long)&from, 1, 0);
    if (got != sizeof words || words[1] < 4096) break;
    frames[count++] = words[1];
    // An async frame says so in a bit of the saved frame pointer; its stack goes on below.
    uint64_t next = words[0] & ~(1ull << 60);
    if (next <= at) break;
    at = next;
  }
  return count;
}
