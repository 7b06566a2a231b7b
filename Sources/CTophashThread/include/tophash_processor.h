#ifndef TOPHASH_PROCESSOR_H
#define TOPHASH_PROCESSOR_H

// Hints to the processor that Swift has no words for.

// This thread spins: let the other hardware thread of the core go on.
static inline void tophash_spin_hint(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// The line at `address` is about to be read. Any address will do, mapped or not.
static inline void tophash_prefetch(const void *address) {
  __builtin_prefetch(address);
}

#endif
