// A runtime whose access checks have the right names, and do something else.
#include <stdint.h>

void swift_beginAccess(void *address, uint64_t *buffer, uintptr_t flags, void *pc) {
  (void)address, (void)flags, (void)pc;
  buffer[0] = 0;
}

void swift_endAccess(uint64_t *buffer) { (void)buffer; }
