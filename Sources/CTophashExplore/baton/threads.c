// How threads come under control, and how they leave.

#include "tophash_explore.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

TOPHASH_REAL(int, pthread_create,
             (pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))
TOPHASH_REAL(int, pthread_join, (pthread_t, void **))
TOPHASH_REAL(int, pthread_detach, (pthread_t))
TOPHASH_REAL(int, pthread_setname_np, (pthread_t, const char *))

static pthread_key_t exit_key;

// MARK: The table

static struct tophash_thread *add(void) {
  uint32_t id = tophash_run.thread_count;
  if (id == TOPHASH_THREADS) tophash_finish(TOPHASH_END_LIMIT);
  struct tophash_thread *thread = &tophash_run.threads[id];
  *thread = (struct tophash_thread){
      .id = id, .point = TOPHASH_POINT_START, .futex_bits = UINT32_MAX, .creator = TOPHASH_NO_THREAD};
  tophash_run.thread_count++;
  tophash_run.file->account.thread_count = tophash_run.thread_count;
  tophash_scheduler_add(&tophash_run.scheduler, id);
  return thread;
}

struct tophash_thread *tophash_thread_of(pthread_t handle) {
  for (uint32_t i = tophash_run.thread_count; i-- > 0;) {
    struct tophash_thread *thread = &tophash_run.threads[i];
    if (thread->has_handle && pthread_equal(thread->handle, handle)) return thread;
  }
  return NULL;
}

struct tophash_thread *tophash_thread_of_tid(uint32_t tid) {
  for (uint32_t i = 0; i < tophash_run.thread_count; i++)
    if (tophash_run.threads[i].tid == tid && tid != 0) return &tophash_run.threads[i];
  return NULL;
}

// MARK: Start

void tophash_threads_begin(void) {
  struct tophash_thread *main = add();
  main->tid = (uint32_t)tophash_call(SYS_gettid, 0, 0, 0, 0, 0, 0);
  main->handle = pthread_self();
  main->has_handle = true;
  main->state = TOPHASH_THREAD_READY;
  tophash_signals_note_mask(main);
  strcpy(main->name, "main");
  tophash_run.file->account.holder_tid = main->tid;
  tophash_self = main;
  pthread_setspecific(exit_key, main);
}

static void *begin(void *argument) {
  struct tophash_thread *self = argument;
  tophash_self = self;
  self->inside = true;
  self->tid = (uint32_t)tophash_call(SYS_gettid, 0, 0, 0, 0, 0, 0);
  self->frame = __builtin_frame_address(0);
  tophash_signals_note_mask(self);
  tophash_await_turn(self);
  pthread_setspecific(exit_key, self);
  tophash_scheduler_step(&tophash_run.scheduler,
                         (struct tophash_candidate){.thread = self->id, .point = self->point}, NULL,
                         0);
  // Those that were sent to it before it began.
  tophash_take_signals(self);
  tophash_leave(self);
  return self->start(self->argument);
}

static int create(struct tophash_thread *thread, pthread_t *handle, const pthread_attr_t *given) {
  thread->blocked = tophash_self->blocked;
  int failure = pthread_create_real()(&thread->handle, given, begin, thread);
  if (failure != 0) {
    // As if it had been and gone.
    thread->state = TOPHASH_THREAD_ENDED;
    return failure;
  }
  thread->has_handle = true;
  if (handle != NULL) *handle = thread->handle;
  __atomic_store_n(&thread->state, TOPHASH_THREAD_READY, __ATOMIC_RELAXED);
  return 0;
}

struct tophash_thread *tophash_thread_make(void *(*start)(void *), void *argument) {
  struct tophash_thread *thread = add();
  thread->start = start;
  thread->argument = argument;
  thread->creator = tophash_self->id;
  thread->is_pool = true;
  thread->is_detached = true;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  int failure = create(thread, NULL, &attributes);
  pthread_attr_destroy(&attributes);
  return failure == 0 ? thread : NULL;
}

TOPHASH_EXPORT int pthread_create(pthread_t *handle, const pthread_attr_t *attributes,
                                  void *(*start)(void *), void *argument) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return pthread_create_real()(handle, attributes, start, argument);
  struct tophash_site site = TOPHASH_SITE;
  struct tophash_thread *thread = add();
  thread->start = start;
  thread->argument = argument;
  thread->creator = self->id;
  thread->is_pool = !site.is_own;
  int detach = PTHREAD_CREATE_JOINABLE;
  if (attributes != NULL) pthread_attr_getdetachstate(attributes, &detach);
  thread->is_detached = detach == PTHREAD_CREATE_DETACHED;
  int failure = create(thread, handle, attributes);
  if (failure == 0) tophash_point(self, TOPHASH_POINT_CREATE, thread, site);
  tophash_leave(self);
  return failure;
}

TOPHASH_EXPORT int pthread_setname_np(pthread_t handle, const char *name) {
  struct tophash_thread *thread = tophash_self != NULL ? tophash_thread_of(handle) : NULL;
  if (thread != NULL) snprintf(thread->name, sizeof thread->name, "%s", name);
  return pthread_setname_np_real()(handle, name);
}

// MARK: End

/// Destructor of a thread-specific value. Other destructors run code of the program, in rounds:
/// this one asks for another round until the last, so that they are under control too.
static void leave_control(void *value) {
  struct tophash_thread *self = value;
  if (self != tophash_self) return;
  if (++self->exit_round < PTHREAD_DESTRUCTOR_ITERATIONS) {
    pthread_setspecific(exit_key, self);
    return;
  }
  if (tophash_enter() == NULL) return;
  tophash_end_thread(self);
  tophash_self = NULL;
}

__attribute__((constructor)) static void make_key(void) {
  pthread_key_create(&exit_key, leave_control);
}

TOPHASH_EXPORT int pthread_join(pthread_t handle, void **result) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return pthread_join_real()(handle, result);
  struct tophash_site site = TOPHASH_SITE;
  struct tophash_thread *thread = tophash_thread_of(handle);
  if (thread != NULL && thread != self) {
    tophash_point(self, TOPHASH_POINT_JOIN, thread, site);
    while (__atomic_load_n(&thread->state, __ATOMIC_ACQUIRE) != TOPHASH_THREAD_ENDED)
      tophash_wait(self, TOPHASH_POINT_JOIN, thread, 0, site);
    // From here on the handle may belong to another thread.
    thread->has_handle = false;
  }
  int status = pthread_join_real()(handle, result);
  tophash_leave(self);
  return status;
}

TOPHASH_EXPORT int pthread_detach(pthread_t handle) {
  struct tophash_thread *thread = tophash_self != NULL ? tophash_thread_of(handle) : NULL;
  if (thread != NULL) thread->is_detached = true;
  return pthread_detach_real()(handle);
}
