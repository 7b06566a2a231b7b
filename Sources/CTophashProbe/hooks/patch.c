// How an entry point is redirected (x86-64).
//
// The function's first five or more bytes, whole instructions, move to a
// trampoline that ends with a jump to the rest. In their place stands a jump to
// a stub nearby, which jumps on to the hook, wherever that is:
//
//   entry:       jmp stub           stub:        jmp *hook
//   entry + n:   ...rest            trampoline:  moved bytes; jmp *(entry + n)
//
// Only prologues that are known to mean the same at any address are moved.
// Nothing is patched while a second thread could execute it.

#define _GNU_SOURCE
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tophash_probe.h"

#if defined(__x86_64__)

#define JUMP_BYTES 5
#define FORWARD_BYTES 14
#define MOVED_MAX 16
#define STUB_BYTES 64

/// Length of the instruction at `code` if it may be moved, else 0.
static size_t movable_length(const uint8_t *code) {
  if (code[0] >= 0x50 && code[0] <= 0x57) return 1;                     // push reg
  if (code[0] >= 0x58 && code[0] <= 0x5F) return 1;                     // pop reg
  if (code[0] == 0x41 && code[1] >= 0x50 && code[1] <= 0x57) return 2;  // push r8...r15
  if (memcmp(code, "\xF3\x0F\x1E\xFA", 4) == 0) return 4;               // endbr64
  bool wide = code[0] == 0x48 || code[0] == 0x49 || code[0] == 0x4C || code[0] == 0x4D;
  if (wide && (code[1] == 0x89 || code[1] == 0x8B) && code[2] >= 0xC0) return 3;  // mov reg, reg
  if (code[0] == 0x48 && code[1] == 0x85 && code[2] >= 0xC0) return 3;  // test reg, reg
  if (memcmp(code, "\x48\x8B\x77\x08", 4) == 0) return 4;               // mov rsi, [rdi + 8]
  if (code[0] == 0x48 && code[1] == 0x83 && code[2] == 0xEC) return 4;  // sub rsp, imm8
  if (code[0] == 0x48 && code[1] == 0x83 && code[2] == 0x3F) return 4;  // cmp qword [rdi], imm8
  if (code[0] == 0x48 && code[1] == 0x85 && code[2] >= 0xC0) return 3;  // test reg, reg
  if (code[0] == 0x85 && code[1] >= 0xC0) return 2;
  if (code[0] == 0x8B && code[1] == 0x07) return 2;                     // mov eax, [rdi]
  if (code[0] == 0x48 && code[1] == 0x8B && code[2] == 0x77) return 4;  // mov rsi, [rdi + imm8]
  if (code[0] == 0x48 && code[1] == 0x8B && code[2] == 0x07) return 3;  // mov rax, [rdi]
  if (memcmp(code, "\x48\x8D\x6C\x24", 4) == 0) return 5;               // lea rbp, [rsp + imm8]
  if (code[0] == 0x48 && code[1] == 0x63 && code[2] == 0x01) return 3;  // movsxd rax, [rcx]
  return 0;
}

/// Room for stubs within reach of a 32-bit jump from `near`.
static uint8_t *stub_near(uint64_t near) {
  static uint8_t *page;
  static size_t used;
  size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
  uint64_t distance = page ? (near > (uint64_t)page ? near - (uint64_t)page : (uint64_t)page - near) : 0;
  if (page != NULL && used + STUB_BYTES <= page_size && distance < 0x70000000) {
    used += STUB_BYTES;
    return page + used - STUB_BYTES;
  }
  for (uint64_t step = page_size; step < 0x70000000; step += step < (1 << 20) ? page_size : 1 << 20) {
    for (int below = 0; below < 2; below++) {
      if (below && step >= near) continue;
      uint64_t wanted = (below ? near - step : near + step) & ~(uint64_t)(page_size - 1);
      void *got = mmap((void *)wanted, page_size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
      if (got == MAP_FAILED) continue;
      if (got != (void *)wanted) {  // a kernel that does not know the flag
        munmap(got, page_size);
        continue;
      }
      page = got;
      used = STUB_BYTES;
      return page;
    }
  }
  return NULL;
}

static uint8_t *put_jump(uint8_t *at, uint64_t target) {
  memcpy(at, "\xFF\x25\x00\x00\x00\x00", 6);  // jmp *[rip + 0]
  memcpy(at + 6, &target, 8);
  return at + 14;
}

void *tophash_patch_entry(void *entry, void *hook) {
  uint8_t *code = entry;
  size_t moved = 0;
  while (moved < JUMP_BYTES) {
    size_t length = movable_length(code + moved);
    if (length == 0) return NULL;
    moved += length;
  }
  uint8_t *stub = stub_near((uint64_t)entry);
  if (stub == NULL) return NULL;
  size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
  uint8_t *stub_page = (uint8_t *)((uint64_t)stub & ~(uint64_t)(page_size - 1));
  if (mprotect(stub_page, page_size, PROT_READ | PROT_WRITE) != 0) return NULL;
  uint8_t *trampoline = put_jump(stub, (uint64_t)hook);
  memcpy(trampoline, code, moved);
  put_jump(trampoline + moved, (uint64_t)code + moved);
  if (mprotect(stub_page, page_size, PROT_READ | PROT_EXEC) != 0) return NULL;

  // The entry may straddle two pages. A kernel that forbids writing to code
  // (SELinux execmod) says so here, and interposition remains.
  uint8_t *first = (uint8_t *)((uint64_t)code & ~(uint64_t)(page_size - 1));
  size_t length = (size_t)(code + JUMP_BYTES - first);
  if (mprotect(first, length, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) return NULL;
  int32_t offset = (int32_t)(stub - (code + JUMP_BYTES));
  code[0] = 0xE9;  // jmp rel32
  memcpy(code + 1, &offset, 4);
  mprotect(first, length, PROT_READ | PROT_EXEC);
  __builtin___clear_cache((char *)code, (char *)code + JUMP_BYTES);
  return trampoline;
}

bool tophash_patch_forward(void *function, void *target) {
  uint8_t *code = function;
  size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
  uint8_t *first = (uint8_t *)((uint64_t)code & ~(uint64_t)(page_size - 1));
  size_t length = (size_t)(code + FORWARD_BYTES - first);
  if (mprotect(first, length, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) return false;
  put_jump(code, (uint64_t)target);
  mprotect(first, length, PROT_READ | PROT_EXEC);
  __builtin___clear_cache((char *)code, (char *)code + FORWARD_BYTES);
  return true;
}

#else

// Other machines have other prologues; interposition works everywhere.
void *tophash_patch_entry(void *entry, void *hook) {
  (void)entry, (void)hook;
  return NULL;
}

bool tophash_patch_forward(void *function, void *target) {
  (void)function, (void)target;
  return false;
}

#endif
