// Points at the program's own locked instructions: inside of `Mutex` and `Atomic`, which call
// nobody.
//
// The tool finds them; each gets a breakpoint in place of its first byte. A thread that comes
// there passes a point, then executes the true instruction by a single step, after which the
// breakpoint is back. Nobody else runs meanwhile, so nobody can slip past.

#include "tophash_explore.h"

#include <link.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__x86_64__)

#define BREAKPOINT 0xCC
#define TRAP_FLAG 0x100

void tophash_crashed(int signal, siginfo_t *info, void *context);

struct locked {
  uint8_t *at;
  uint8_t first;  // its true first byte
};

static struct locked places[TOPHASH_LOCKED];
static uint32_t place_count;
static __thread struct locked *stepping __attribute__((tls_model("initial-exec")));

static int by_address(const void *one, const void *other) {
  const struct locked *a = one, *b = other;
  return a->at < b->at ? -1 : a->at > b->at;
}

static struct locked *find(const uint8_t *at) {
  struct locked wanted = {.at = (uint8_t *)at};
  return bsearch(&wanted, places, place_count, sizeof *places, by_address);
}

/// The address that the instruction at `code` works on; 0 when it cannot be told.
static uint64_t operand(const uint8_t *code, uint8_t first, const greg_t *registers) {
  static const uint8_t order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                    REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                    REG_R12, REG_R13, REG_R14, REG_R15};
  uint8_t bytes[15];
  memcpy(bytes, code, sizeof bytes);
  bytes[0] = first;
  uint32_t i = 0, rex = 0;
  while (bytes[i] == 0xF0 || bytes[i] == 0x66 || bytes[i] == 0xF2 || bytes[i] == 0xF3) i++;
  if ((bytes[i] & 0xF0) == 0x40) rex = bytes[i++];
  if (bytes[i++] == 0x0F) i++;
  uint8_t mod = bytes[i] >> 6, rm = bytes[i] & 7;
  i++;
  uint64_t address = 0;
  bool is_relative = false, has_base = true;
  uint32_t base = rm | (rex & 1) << 3;
  if (mod == 3) return 0;
  if (rm == 4) {
    uint8_t scaled = bytes[i++];
    uint32_t index = (scaled >> 3 & 7) | (rex & 2) << 2;
    base = (scaled & 7) | (rex & 1) << 3;
    has_base = !((scaled & 7) == 5 && mod == 0);
    if (index != 4) address += (uint64_t)registers[order[index]] << (scaled >> 6);
  } else if (rm == 5 && mod == 0) {
    // Relative to the next instruction, whose distance is not known here; nearly is enough, as
    // this only names the object, and one place always comes to the same.
    is_relative = true, has_base = false;
  }
  if (has_base) address += (uint64_t)registers[order[base]];
  int32_t displacement = 0;
  if (mod == 1) displacement = (int8_t)bytes[i];
  if (mod == 2 || !has_base) memcpy(&displacement, bytes + i, sizeof displacement);
  if (is_relative) address += (uint64_t)code + i + 4;
  return address + (uint64_t)(int64_t)displacement;
}

static void trapped(int signal, siginfo_t *info, void *context) {
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  if (stepping != NULL) {
    *stepping->at = BREAKPOINT;
    stepping = NULL;
    registers[REG_EFL] &= ~(greg_t)TRAP_FLAG;
    return;
  }
  struct locked *place = find((const uint8_t *)registers[REG_RIP] - 1);
  if (place == NULL) return tophash_crashed(signal, info, context);
  registers[REG_RIP] = (greg_t)place->at;
  struct tophash_thread *self = tophash_enter();
  if (self != NULL) {
    struct tophash_site site = {
        .frame = (void **)registers[REG_RBP], .is_own = true, .pc = (uint64_t)place->at + 1};
    const void *object = (const void *)operand(place->at, place->first, registers);
    tophash_point(self, TOPHASH_POINT_ATOMIC, object, site);
    tophash_leave(self);
  }
  *place->at = place->first;
  stepping = place;
  registers[REG_EFL] |= TRAP_FLAG;
}

static int bias_of_program(struct dl_phdr_info *info, size_t size, void *into) {
  (void)size;
  *(uint64_t *)into = info->dlpi_addr;
  return 1;  // the first one is the program
}

void tophash_atomics_begin(void) {
  struct tophash_schedule_file *file = tophash_run.file;
  uint64_t bias = 0;
  dl_iterate_phdr(bias_of_program, &bias);
  uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
  for (uint32_t i = 0; i < file->locked_count && i < TOPHASH_LOCKED; i++) {
    uint8_t *at = (uint8_t *)(bias + file->locked[i]);
    // A system that forbids writing to code leaves the instruction as it was.
    void *start = (void *)((uint64_t)at & ~(page - 1));
    if (mprotect(start, page, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) continue;
    places[place_count++] = (struct locked){.at = at, .first = *at};
    *at = BREAKPOINT;
  }
  qsort(places, place_count, sizeof *places, by_address);
  if (place_count == 0) return;
  struct sigaction action = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO};
  sigaction(SIGTRAP, &action, NULL);
}

#else

void tophash_atomics_begin(void) {}

#endif
