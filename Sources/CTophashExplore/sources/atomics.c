// Points at the program's own locked instructions: inside of `Mutex` and `Atomic`, which call
// nobody.
//
// The tool finds them; each gets an instruction in place of its first byte that a program must not
// execute. A thread that comes there passes a point, and goes on in a copy of the true
// instruction, which jumps back behind it. So nothing is ever put back, and nobody slips past;
// and a debugger, whose own traps are breakpoints and single steps, need not tell ours from its.

#include "tophash_explore.h"

#include <link.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__x86_64__)

#define HALT 0xF4  // SIGSEGV for whoever is not the kernel
#define COPY_SIZE 32

void tophash_crashed(int signal, siginfo_t *info, void *context);

struct locked {
  uint8_t *at;
  uint8_t *copy;
  uint8_t first;  // its true first byte
};

static struct locked places[TOPHASH_LOCKED];
static uint32_t place_count;

static int by_address(const void *one, const void *other) {
  const struct locked *a = one, *b = other;
  return a->at < b->at ? -1 : a->at > b->at;
}

static struct locked *find(const uint8_t *at) {
  struct locked wanted = {.at = (uint8_t *)at};
  return bsearch(&wanted, places, place_count, sizeof *places, by_address);
}

/// The parts of an instruction that works on memory.
struct parts {
  uint32_t modrm;         // where that byte is
  uint32_t displacement;  // where it would be
  uint32_t size;          // of all; 0 when it is not known
  uint32_t rex;
};

static struct parts parts_of(const uint8_t *bytes) {
  struct parts parts = {0};
  uint32_t i = 0;
  bool is_short = false, has_two = false;
  for (;; i++) {
    if (bytes[i] == 0x66) is_short = true;
    else if (bytes[i] != 0xF0 && bytes[i] != 0xF2 && bytes[i] != 0xF3) break;
  }
  if ((bytes[i] & 0xF0) == 0x40) parts.rex = bytes[i++];
  uint8_t opcode = bytes[i++];
  if (opcode == 0x0F) has_two = true, opcode = bytes[i++];
  parts.modrm = i;
  uint8_t mod = bytes[i] >> 6, rm = bytes[i] & 7;
  i++;
  bool has_base = !(mod == 0 && rm == 5);
  if (mod != 3 && rm == 4) has_base = !((bytes[i++] & 7) == 5 && mod == 0);
  parts.displacement = i;
  if (mod == 1) i += 1;
  if (mod == 2 || (mod == 0 && !has_base)) i += 4;
  // Numbers in the instruction itself: of arithmetic, and of bit tests.
  if (!has_two && (opcode == 0x80 || opcode == 0x83)) i += 1;
  if (!has_two && opcode == 0x81) i += is_short ? 2 : 4;
  if (has_two && opcode == 0xBA) i += 1;
  parts.size = i <= 15 ? i : 0;
  return parts;
}

/// The address that the instruction at `code` works on; 0 when it cannot be told.
static uint64_t operand(const uint8_t *code, uint8_t first, const greg_t *registers) {
  static const uint8_t order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                    REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                    REG_R12, REG_R13, REG_R14, REG_R15};
  uint8_t bytes[16];
  memcpy(bytes, code, sizeof bytes);
  bytes[0] = first;
  struct parts parts = parts_of(bytes);
  uint8_t mod = bytes[parts.modrm] >> 6, rm = bytes[parts.modrm] & 7;
  if (mod == 3) return 0;
  uint64_t address = 0;
  uint32_t base = rm | (parts.rex & 1) << 3;
  bool is_relative = rm == 5 && mod == 0, has_base = !is_relative;
  if (rm == 4) {
    uint8_t scaled = bytes[parts.modrm + 1];
    uint32_t index = (scaled >> 3 & 7) | (parts.rex & 2) << 2;
    base = (scaled & 7) | (parts.rex & 1) << 3;
    has_base = !((scaled & 7) == 5 && mod == 0);
    if (index != 4) address += (uint64_t)registers[order[index]] << (scaled >> 6);
  }
  if (has_base) address += (uint64_t)registers[order[base]];
  int32_t displacement = 0;
  if (mod == 1) displacement = (int8_t)bytes[parts.displacement];
  if (mod == 2 || !has_base) memcpy(&displacement, bytes + parts.displacement, 4);
  if (is_relative) address += (uint64_t)code + parts.size;
  return address + (uint64_t)(int64_t)displacement;
}

static void trapped(int signal, siginfo_t *info, void *context) {
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  struct locked *place = find((const uint8_t *)registers[REG_RIP]);
  if (place == NULL) return tophash_crashed(signal, info, context);
  struct tophash_thread *self = tophash_enter();
  if (self != NULL) {
    struct tophash_site site = {
        .frame = (void **)registers[REG_RBP], .is_own = true, .pc = (uint64_t)place->at + 1};
    const void *object = (const void *)operand(place->at, place->first, registers);
    tophash_point(self, TOPHASH_POINT_ATOMIC, object, site);
    tophash_leave(self);
  }
  registers[REG_RIP] = (greg_t)place->copy;
}

// MARK: Copies

/// Memory for copies, so near to the program that what it names relative to itself is in reach.
static uint8_t *near_memory(uint64_t program, size_t size) {
  for (uint64_t distance = 1ull << 20; distance < 1ull << 30; distance += 1ull << 20) {
    if (distance + size > program) break;
    void *wanted = (void *)((program - distance - size) & ~0xFFFull);
    void *memory = mmap(wanted, size, PROT_READ | PROT_WRITE | PROT_EXEC,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (memory == wanted) return memory;
    if (memory != MAP_FAILED) munmap(memory, size);
  }
  return NULL;
}

/// Writes the instruction at `at`, and a jump behind it; false when it cannot be elsewhere.
static bool copy(const uint8_t *at, uint8_t *into) {
  struct parts parts = parts_of(at);
  if (parts.size == 0) return false;
  memcpy(into, at, parts.size);
  if ((at[parts.modrm] & 0xC7) == 5) {
    int32_t displacement;
    memcpy(&displacement, at + parts.displacement, sizeof displacement);
    int64_t moved = displacement + (at - into);
    if (moved != (int32_t)moved) return false;
    displacement = (int32_t)moved;
    memcpy(into + parts.displacement, &displacement, sizeof displacement);
  }
  // jmp *(%rip), and the address.
  static const uint8_t jump[6] = {0xFF, 0x25};
  uint64_t behind = (uint64_t)at + parts.size;
  memcpy(into + parts.size, jump, sizeof jump);
  memcpy(into + parts.size + sizeof jump, &behind, sizeof behind);
  return true;
}

static int bias_of_program(struct dl_phdr_info *info, size_t size, void *into) {
  (void)size;
  *(uint64_t *)into = info->dlpi_addr;
  return 1;  // the first one is the program
}

void tophash_atomics_begin(void) {
  struct tophash_schedule_file *file = tophash_run.file;
  uint32_t count = file->locked_count < TOPHASH_LOCKED ? file->locked_count : TOPHASH_LOCKED;
  if (count == 0) return;
  uint64_t bias = 0;
  dl_iterate_phdr(bias_of_program, &bias);
  uint8_t *copies = near_memory(bias + file->locked[0], (size_t)count * COPY_SIZE);
  if (copies == NULL) return;
  uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
  for (uint32_t i = 0; i < count; i++) {
    uint8_t *at = (uint8_t *)(bias + file->locked[i]);
    uint8_t *own = copies + (size_t)i * COPY_SIZE;
    if (!copy(at, own)) continue;
    // A system that forbids writing to code leaves the instruction as it was.
    void *start = (void *)((uint64_t)at & ~(page - 1));
    if (mprotect(start, page, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) continue;
    places[place_count++] = (struct locked){.at = at, .copy = own, .first = *at};
    *at = HALT;
  }
  qsort(places, place_count, sizeof *places, by_address);
  if (place_count == 0) return;
  struct sigaction action = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO};
  sigaction(SIGSEGV, &action, NULL);
}

#else

void tophash_atomics_begin(void) {}

#endif
