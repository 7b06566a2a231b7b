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
#define SCAN_WORDS 256

struct range {
  uint64_t low, high;
  bool is_foundation;
};

// The code of the program itself.
static struct range program, overlay;
static struct range ranges[RANGES_MAX];
static uint32_t range_count;

static const char *const runtime_libraries[] = {
    "libswift",   "libdispatch", "libBlocksRuntime", "libc.",     "libstdc++", "libgcc_s", "libm.",
    "libpthread", "ld-linux",    "libicu",           "libTophash", "lib_Foundation", "libXCTest",
    "libTesting", "lib_Testing", "lib_StringProcessing",
};

static struct range code_of(const struct dl_phdr_info *info) {
  struct range range = {.low = UINT64_MAX};
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &info->dlpi_phdr[i];
    if (part->p_type != PT_LOAD) continue;
    uint64_t low = info->dlpi_addr + part->p_vaddr, high = low + part->p_memsz;
    if (low < range.low) range.low = low;
    if (high > range.high) range.high = high;
  }
  return range;
}

static int note(struct dl_phdr_info *info, size_t size, void *unused) {
  (void)size, (void)unused;
  if (info->dlpi_name[0] == 0) {
    program = code_of(info);
    return 0;
  }
  const char *name = strrchr(info->dlpi_name, '/');
  name = name != NULL ? name + 1 : info->dlpi_name;
  bool is_foundation = strncmp(name, "libFoundation", 13) == 0;
  bool is_runtime = is_foundation || strstr(name, "vdso") != NULL;
  for (size_t i = 0; i < sizeof runtime_libraries / sizeof *runtime_libraries; i++)
    is_runtime |= strncmp(name, runtime_libraries[i], strlen(runtime_libraries[i])) == 0;
  // Swift's face of Dispatch: what it calls, the program calls.
  if (strncmp(name, "libswiftDispatch.", 17) == 0) {
    overlay = code_of(info);
    return 0;
  }
  if (!is_runtime || range_count == RANGES_MAX) return 0;
  struct range range = code_of(info);
  range.is_foundation = is_foundation;
  ranges[range_count++] = range;
  return 0;
}

void tophash_images_find(void) {
  range_count = 0;
  dl_iterate_phdr(note, NULL);
}

static bool is_in(struct range range, uint64_t address) {
  return address - range.low < range.high - range.low;
}

static const struct range *range_of(const void *caller) {
  for (uint32_t i = 0; i < range_count; i++)
    if (is_in(ranges[i], (uint64_t)caller)) return &ranges[i];
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

static bool copy(uint64_t from, void *into, size_t size) {
  struct iovec to = {into, size}, what = {(void *)from, size};
  long process = tophash_call(SYS_getpid, 0, 0, 0, 0, 0, 0);
  return tophash_call(SYS_process_vm_readv, process, (long)&to, 1, (long)&what, 1, 0) == (long)size;
}

/// Whether `address` is where a call in the program's own code comes back to.
static bool is_return_address(uint64_t address) {
  if (!is_in(program, address)) return false;
  uint8_t before[7];
  if (!copy(address - sizeof before, before, sizeof before)) return false;
  // call rel32; call [reg], call reg; call [reg + imm8]; call [rip + imm32].
  return before[2] == 0xE8 || (before[5] == 0xFF && (before[6] & 0x38) == 0x10) ||
         (before[4] == 0xFF && (before[5] & 0x38) == 0x10) ||
         (before[1] == 0xFF && (before[2] & 0x38) == 0x10);
}

/// The innermost call of the program's own code, from the words on the stack up to `end`: for
/// libraries without frame pointers. A word that is left over from an earlier call may be taken
/// for it.
static uint64_t scan(uint64_t stack, uint64_t end) {
  uint64_t words[SCAN_WORDS];
  uint32_t count = SCAN_WORDS;
  if ((end - stack) / sizeof *words < count) count = (uint32_t)((end - stack) / sizeof *words);
  while (count > 0 && !copy(stack, words, count * sizeof *words)) count /= 2;
  for (uint32_t i = 0; i < count; i++)
    if (is_return_address(words[i])) return words[i];
  return 0;
}

uint32_t tophash_walk(void **frame, uint64_t *frames, uint32_t capacity) {
  uint32_t count = 0;
  uint64_t at = (uint64_t)frame, first_own = UINT64_MAX;
  while (count < capacity && at != 0 && at % 8 == 0) {
    uint64_t words[2];
    if (!copy(at, words, sizeof words) || words[1] < 4096) break;
    if (is_in(program, words[1]) && first_own == UINT64_MAX) first_own = at;
    frames[count++] = words[1];
    // An async frame says so in a bit of the saved frame pointer; its stack goes on below.
    uint64_t next = words[0] & ~(1ull << 60);
    if (next <= at) break;
    at = next;
    // Swift's face of Dispatch hides who called it.
    bool hides = count == 1 && is_in(overlay, frames[0]) && capacity > 1;
    uint64_t caller = hides ? scan((uint64_t)frame + 16, next) : 0;
    if (caller != 0) {
      frames[count++] = caller;
      first_own = (uint64_t)frame;
    }
  }
  if (first_own != UINT64_MAX || frame == NULL || count == capacity) return count;
  uint64_t found = scan((uint64_t)frame + 16, UINT64_MAX);
  if (found != 0) frames[count++] = found;
  return count;
}
