#define _GNU_SOURCE
#include "tophash_thread.h"

#include <pthread.h>
#include <stdbool.h>

// Where the calling thread's stack ends; 0 when that is not known.
static uintptr_t end_of_stack(void) {
#ifdef __APPLE__
  return (uintptr_t)pthread_get_stackaddr_np(pthread_self());
#else
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return 0;
  void *low = NULL;
  size_t size = 0;
  bool is_known = pthread_attr_getstack(&attributes, &low, &size) == 0;
  pthread_attr_destroy(&attributes);
  return is_known ? (uintptr_t)low + size : 0;
#endif
}

// Set in the frame pointers that asynchronous functions save, on some systems.
#define ASYNC_MARK ((uintptr_t)1 << 60)

__attribute__((noinline)) uint32_t tophash_thread_callers(uintptr_t *addresses, uint32_t capacity) {
  uintptr_t end = end_of_stack();
  uintptr_t frame = (uintptr_t)__builtin_frame_address(0), last = 0;
  uint32_t count = 0;
  // Callers lie above: each frame pointer is larger than the one before.
  while (count < capacity && frame > last && frame % sizeof(uintptr_t) == 0 &&
         frame + 2 * sizeof(uintptr_t) <= end) {
    const uintptr_t *link = (const uintptr_t *)frame;
    if (link[1] < 4096) break;
    addresses[count++] = link[1];
    last = frame;
    frame = link[0] & ~ASYNC_MARK;
  }
  return count;
}
