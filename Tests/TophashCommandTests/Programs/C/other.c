// A program on that runtime.
#include <stdint.h>
#include <stdio.h>

void swift_beginAccess(void *address, uint64_t *buffer, uintptr_t flags, void *pc);
void swift_endAccess(uint64_t *buffer);

int main(void) {
  uint64_t buffer[3];
  swift_beginAccess(buffer, buffer, 0x21, 0);
  swift_endAccess(buffer);
  puts("other");
}
