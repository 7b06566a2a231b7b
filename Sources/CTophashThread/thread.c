#define _GNU_SOURCE
#include "tophash_thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

_Thread_local uint32_t tophash_thread_own_number;

static _Atomic uint32_t last_number;

// The latest threads: number in the upper half, kernel identifier in the lower.
// One word each, so that a reader never pairs one thread's number with the
// identifier of another. Relaxed: a word says everything about its thread.
enum { REMEMBERED = 4096 };
static _Atomic uint64_t identifiers[REMEMBERED];

static uint32_t kernel_identifier(void) {
#ifdef __APPLE__
  uint64_t identifier = 0;
  pthread_threadid_np(NULL, &identifier);
  return (uint32_t)identifier;
#else
  return (uint32_t)gettid();
#endif
}

uint32_t tophash_thread_register(void) {
  uint32_t number;
  do {
    number = atomic_fetch_add_explicit(&last_number, 1, memory_order_relaxed) + 1;
  } while (number == 0);
  tophash_thread_own_number = number;
  atomic_store_explicit(&identifiers[number % REMEMBERED],
                        (uint64_t)number << 32 | kernel_identifier(), memory_order_relaxed);
  return number;
}

int32_t tophash_thread_identifier(uint32_t number) {
  uint64_t word = atomic_load_explicit(&identifiers[number % REMEMBERED], memory_order_relaxed);
  return word >> 32 == number ? (int32_t)(uint32_t)word : 0;
}

bool tophash_thread_name(uint32_t number, char *name, int capacity) {
#ifdef __APPLE__
  return number == tophash_thread_own_number &&
         pthread_getname_np(pthread_self(), name, (size_t)capacity) == 0 && name[0] != 0;
#else
  // By the kernel's identifier: a pthread_t of a thread that has ended must not be used.
  char path[48];
  snprintf(path, sizeof path, "/proc/self/task/%d/comm", tophash_thread_identifier(number));
  FILE *file = fopen(path, "re");
  if (!file) return false;
  bool found = fgets(name, capacity, file) != NULL;
  fclose(file);
  if (!found) return false;
  name[strcspn(name, "\n")] = 0;
  return name[0] != 0;
#endif
}
