// Where threads start, and who waits for their end.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>

#include "waits.h"

struct start {
  void *(*body)(void *);
  void *argument;
  uint32_t scope;
  bool is_pool;
};

static uint64_t key_of(pthread_t thread) { return (uint64_t)thread | TOPHASH_KEY_THREAD; }

static void will_exit(void *unused) {
  (void)unused;
  tophash_edge_release(key_of(pthread_self()));
}

static void *run(void *record) {
  struct start start = *(struct start *)record;
  // A number that another thread had before, which was joined or detached.
  tophash_clocks_forget_sync(tophash_process.clocks, key_of(pthread_self()));
  tophash_strands.is_pool = start.is_pool;
  if (!start.is_pool) tophash_strand_thread_begin((uint64_t)record, start.scope);
  tophash_clocks_forget_sync(tophash_process.clocks, (uint64_t)record);
  free(record);
  if (start.is_pool) return start.body(start.argument);
  void *result;
  // Also when the thread is left by pthread_exit, or cancelled.
  pthread_cleanup_push(will_exit, NULL);
  result = start.body(start.argument);
  pthread_cleanup_pop(1);
  return result;
}

static int (*create_original)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
static int (*join_original)(pthread_t, void **);
static int (*try_join_original)(pthread_t, void **);
static int (*timed_join_original)(pthread_t, void **, const struct timespec *);

// Looked up at start; or on first use, since libraries that start before this
// one create threads as well.
__attribute__((constructor, cold)) static void find_originals(void) {
  create_original = (typeof(create_original))dlsym(RTLD_NEXT, "pthread_create");
  join_original = (typeof(join_original))dlsym(RTLD_NEXT, "pthread_join");
  try_join_original = (typeof(try_join_original))dlsym(RTLD_NEXT, "pthread_tryjoin_np");
  timed_join_original = (typeof(timed_join_original))dlsym(RTLD_NEXT, "pthread_timedjoin_np");
}

TOPHASH_EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                                  void *(*body)(void *), void *argument) {
  if (tophash_unlikely(create_original == NULL)) find_originals();
  struct start *start = tophash_process.has_clocks ? malloc(sizeof *start) : NULL;
  if (start == NULL) return create_original(thread, attributes, body, argument);
  *start = (struct start){.body = body,
                          .argument = argument,
                          .scope = tophash_scope_current(),
                          .is_pool = tophash_is_runtime(__builtin_return_address(0))};
  tophash_edge_release((uint64_t)start);
  int status = create_original(thread, attributes, run, start);
  if (status != 0) free(start);
  return status;
}

static int joined(int status, pthread_t thread) {
  if (status == 0 && tophash_process.has_clocks) tophash_edge_acquire(key_of(thread));
  return status;
}

TOPHASH_EXPORT int pthread_join(pthread_t thread, void **result) {
  if (tophash_unlikely(join_original == NULL)) find_originals();
  const void *caller = __builtin_return_address(0);
  if (!tophash_waits_see(caller)) return joined(join_original(thread, result), thread);
  struct tophash_turn turn =
      tophash_turn_begin(TOPHASH_WAIT_THREAD, (void *)thread, caller, TOPHASH_FRAME());
  int status = join_original(thread, result);
  tophash_turn_end(&turn);
  return joined(status, thread);
}

TOPHASH_EXPORT int pthread_tryjoin_np(pthread_t thread, void **result) {
  if (tophash_unlikely(try_join_original == NULL)) find_originals();
  return joined(try_join_original(thread, result), thread);
}

TOPHASH_EXPORT int pthread_timedjoin_np(pthread_t thread, void **result,
                                        const struct timespec *deadline) {
  if (tophash_unlikely(timed_join_original == NULL)) find_originals();
  return joined(timed_join_original(thread, result, deadline), thread);
}
