#ifndef TOPHASH_THREAD_H
#define TOPHASH_THREAD_H

#include <stdbool.h>
#include <stdint.h>

// A number for each thread that ever changed a dictionary: what a conflict
// names the other side by, when that thread has gone on or has ended. Swift
// has no thread-local variable, and asking the kernel would cost more than the
// operation. Numbers start at 1; 0 means none yet.
extern _Thread_local uint32_t tophash_thread_own_number;

// Gives the calling thread its number.
uint32_t tophash_thread_register(void);

static inline uint32_t tophash_thread_number(void) {
  uint32_t number = tophash_thread_own_number;
  return __builtin_expect(number != 0, 1) ? number : tophash_thread_register();
}

// Where the program is, in the function that this is inlined into.
static inline __attribute__((always_inline)) uintptr_t tophash_program_counter(void) {
  uintptr_t counter = 0;
#if defined(__x86_64__)
  __asm__ volatile("leaq 0(%%rip), %0" : "=r"(counter));
#elif defined(__aarch64__)
  __asm__ volatile("adr %0, ." : "=r"(counter));
#endif
  return counter;
}

// Where the function that this is inlined into will return to.
static inline __attribute__((always_inline)) uintptr_t tophash_return_address(void) {
  return (uintptr_t)__builtin_return_address(0);
}

// The kernel's identifier of the thread with that number, 0 when forgotten.
int32_t tophash_thread_identifier(uint32_t number);

// The name of the thread with that number; false when it has ended or has none.
bool tophash_thread_name(uint32_t number, char *name, int capacity);

// The return addresses of the calling thread's functions, innermost first: at
// most `capacity` of them. Returns how many.
//
// Follows frame pointers. Code that keeps none, as Dispatch's, leaves anything in
// their register, so nothing outside of the thread's own stack is read: there
// the walk ends. (The standard library's own capture goes on, and crashes, once
// in some hundred thousand times on Dispatch's threads.)
uint32_t tophash_thread_callers(uintptr_t *addresses, uint32_t capacity);

#endif
