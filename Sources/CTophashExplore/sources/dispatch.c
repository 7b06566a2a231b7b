// Points in front of calls of Dispatch. Nothing of Dispatch is replaced: its threads are under
// control by what they wait for.

#include "tophash_explore.h"

/// A call on its way. Dispatch keeps no frame pointers, so whoever waits inside of it is found
/// by the frame that called it.
struct call {
  struct tophash_thread *self;
  void **outer;
};

static struct call begin_call(const void *object, struct tophash_site site) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return (struct call){0};
  tophash_point(self, TOPHASH_POINT_DISPATCH, object, site);
  struct call call = {.self = self, .outer = self->outer};
  self->outer = site.frame;
  tophash_leave(self);
  return call;
}

static void end_call(struct call *call) {
  if (call->self != NULL) call->self->outer = call->outer;
}

#define BEFORE(object) \
  __attribute__((cleanup(end_call), unused)) struct call call = begin_call(object, TOPHASH_SITE);

#define CALL_1(result, name)                                                  \
  TOPHASH_REAL(result, name, (void *))                                        \
  TOPHASH_EXPORT result name(void *a) {                                       \
    BEFORE(a)                                                                 \
    return name##_real()(a);                                                  \
  }

#define CALL_2(result, name, B)                                               \
  TOPHASH_REAL(result, name, (void *, B))                                     \
  TOPHASH_EXPORT result name(void *a, B b) {                                  \
    BEFORE(a)                                                                 \
    return name##_real()(a, b);                                               \
  }

#define CALL_3(result, name, object, A, B, C)                                 \
  TOPHASH_REAL(result, name, (A, B, C))                                       \
  TOPHASH_EXPORT result name(A a, B b, C c) {                                 \
    BEFORE(object)                                                            \
    return name##_real()(a, b, c);                                            \
  }

#define CALL_4(result, name, object, A, B, C, D)                              \
  TOPHASH_REAL(result, name, (A, B, C, D))                                    \
  TOPHASH_EXPORT result name(A a, B b, C c, D d) {                            \
    BEFORE(object)                                                            \
    return name##_real()(a, b, c, d);                                         \
  }

typedef void (*function)(void *);
typedef void (*indexed)(void *, size_t);

CALL_2(void, dispatch_async, void *)
CALL_3(void, dispatch_async_f, a, void *, void *, function)
CALL_2(void, dispatch_sync, void *)
CALL_3(void, dispatch_sync_f, a, void *, void *, function)
CALL_2(void, dispatch_async_and_wait, void *)
CALL_2(void, dispatch_barrier_async, void *)
CALL_3(void, dispatch_barrier_async_f, a, void *, void *, function)
CALL_2(void, dispatch_barrier_sync, void *)
CALL_3(void, dispatch_barrier_sync_f, a, void *, void *, function)
CALL_3(void, dispatch_group_async, a, void *, void *, void *)
CALL_4(void, dispatch_group_async_f, a, void *, void *, void *, function)
CALL_3(void, dispatch_group_notify, a, void *, void *, void *)
CALL_1(void, dispatch_group_enter)
CALL_1(void, dispatch_group_leave)
CALL_2(long, dispatch_group_wait, uint64_t)
CALL_1(long, dispatch_semaphore_signal)
CALL_2(long, dispatch_semaphore_wait, uint64_t)
CALL_3(void, dispatch_apply, b, size_t, void *, void *)
CALL_4(void, dispatch_apply_f, b, size_t, void *, void *, indexed)
CALL_3(void, dispatch_after, b, uint64_t, void *, void *)

// MARK: The pool's own timer
//
// Each second Dispatch looks whether its workers are blocked, and may start another one. An hour
// of virtual time would be 3600 such looks. So it looks when nothing else is left to happen, some
// times; if that helps nobody, nothing ever will (see idle.c).

TOPHASH_REAL(void, dispatch_source_set_timer, (void *, uint64_t, uint64_t, uint64_t))
TOPHASH_REAL(uint64_t, dispatch_time, (uint64_t, int64_t))

TOPHASH_EXPORT void dispatch_source_set_timer(void *source, uint64_t start, uint64_t interval,
                                              uint64_t leeway) {
  bool is_monitor = tophash_self != NULL && interval == 1000000000 && leeway == 0 &&
                    !tophash_is_own(__builtin_return_address(0));
  if (is_monitor) {
    interval = TOPHASH_MONITOR_INTERVAL;
    start = dispatch_time_real()(0, (int64_t)interval);
  }
  dispatch_source_set_timer_real()(source, start, interval, leeway);
}
