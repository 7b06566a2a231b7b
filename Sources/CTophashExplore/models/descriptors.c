// Input and output: a call that would block waits here until its descriptor is ready.
//
// What comes from within the program is noticed by whoever wrote it, at once and in the same
// order each time. What comes from outside is asked for when no thread can go on; the account
// counts it, since a run that depends on it cannot be promised to repeat.

#include "tophash_explore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define DESCRIPTORS 4096

// Those that nobody outside can make ready.
static bool is_inner[DESCRIPTORS];

bool tophash_is_inner_descriptor(int descriptor) {
  return descriptor < 0 || (descriptor < DESCRIPTORS && is_inner[descriptor]);
}

void tophash_note_inner_descriptor(int descriptor) {
  if (descriptor >= 0 && descriptor < DESCRIPTORS) is_inner[descriptor] = true;
}

/// Waits until `descriptor` is ready for `events`, unless it does not block anyway.
static void await(struct tophash_thread *self, int descriptor, short events,
                  struct tophash_site site) {
  for (;;) {
    struct pollfd one = {.fd = descriptor, .events = events};
    struct timespec now = {0};
    if (tophash_call(SYS_ppoll, (long)&one, 1, (long)&now, 0, 8, 0) != 0) return;
    if (tophash_call(SYS_fcntl, descriptor, F_GETFL, 0, 0, 0, 0) & O_NONBLOCK) return;
    tophash_wait_descriptors(self, &one, 1, 0, site);
  }
}

// MARK: Reading and writing

/// Defines a function that may block on its first argument, in front of the original.
#define BLOCKING(result, name, parameters, awaited, ...)                 \
  TOPHASH_REAL(result, name, parameters)                                 \
  TOPHASH_EXPORT result name parameters {                                \
    struct tophash_thread *self = tophash_enter();                       \
    if (self == NULL) return name##_real()(__VA_ARGS__);                 \
    await(self, descriptor, awaited, TOPHASH_SITE);                      \
    result status = name##_real()(__VA_ARGS__);                          \
    int error = errno;                                                   \
    if (awaited == POLLOUT) tophash_check_descriptors();                 \
    tophash_leave(self);                                                 \
    errno = error;                                                       \
    return status;                                                       \
  }

BLOCKING(ssize_t, read, (int descriptor, void *into, size_t size), POLLIN, descriptor, into, size)
BLOCKING(ssize_t, readv, (int descriptor, const struct iovec *into, int count), POLLIN, descriptor,
         into, count)
BLOCKING(ssize_t, recv, (int descriptor, void *into, size_t size, int flags), POLLIN, descriptor,
         into, size, flags)
BLOCKING(ssize_t, recvmsg, (int descriptor, struct msghdr *message, int flags), POLLIN, descriptor,
         message, flags)
BLOCKING(ssize_t, recvfrom,
         (int descriptor, void *restrict into, size_t size, int flags,
          struct sockaddr *restrict from, socklen_t *restrict length),
         POLLIN, descriptor, into, size, flags, from, length)
BLOCKING(int, accept,
         (int descriptor, struct sockaddr *restrict from, socklen_t *restrict length), POLLIN,
         descriptor, from, length)
BLOCKING(int, accept4,
         (int descriptor, struct sockaddr *restrict from, socklen_t *restrict length, int flags),
         POLLIN, descriptor, from, length, flags)
BLOCKING(ssize_t, write, (int descriptor, const void *from, size_t size), POLLOUT, descriptor, from,
         size)
BLOCKING(ssize_t, writev, (int descriptor, const struct iovec *from, int count), POLLOUT,
         descriptor, from, count)
BLOCKING(ssize_t, send, (int descriptor, const void *from, size_t size, int flags), POLLOUT,
         descriptor, from, size, flags)
BLOCKING(ssize_t, sendmsg, (int descriptor, const struct msghdr *message, int flags), POLLOUT,
         descriptor, message, flags)
BLOCKING(ssize_t, sendto,
         (int descriptor, const void *from, size_t size, int flags, const struct sockaddr *to,
          socklen_t length),
         POLLOUT, descriptor, from, size, flags, to, length)

/// The same for those that never block for long, but may make another descriptor ready.
#define CHANGING(name, parameters, also, ...)                            \
  TOPHASH_REAL(int, name, parameters)                                    \
  TOPHASH_EXPORT int name parameters {                                   \
    struct tophash_thread *self = tophash_enter();                       \
    int status = name##_real()(__VA_ARGS__);                             \
    if (self == NULL) return status;                                     \
    int error = errno;                                                   \
    also;                                                                \
    tophash_check_descriptors();                                         \
    tophash_leave(self);                                                 \
    errno = error;                                                       \
    return status;                                                       \
  }

CHANGING(eventfd_write, (int descriptor, eventfd_t value), , descriptor, value)
CHANGING(shutdown, (int descriptor, int how), , descriptor, how)
CHANGING(connect, (int descriptor, const struct sockaddr *to, socklen_t length), , descriptor, to,
         length)
/// The number may belong to another one from here on.
static void forget(int descriptor) {
  if (descriptor >= 0 && descriptor < DESCRIPTORS) is_inner[descriptor] = false;
  tophash_timer_close(descriptor);
}

CHANGING(close, (int descriptor), forget(descriptor), descriptor)
CHANGING(eventfd, (unsigned value, int flags), tophash_note_inner_descriptor(status), value, flags)
CHANGING(epoll_create1, (int flags), tophash_note_inner_descriptor(status), flags)
CHANGING(epoll_create, (int size), tophash_note_inner_descriptor(status), size)

/// One descriptor from outside makes the whole set depend on it.
static void note_in_set(int set, int operation, int descriptor) {
  bool is_added = operation == EPOLL_CTL_ADD;
  bool is_outer = is_added && !tophash_is_inner_descriptor(descriptor);
  if (is_outer && set >= 0 && set < DESCRIPTORS) is_inner[set] = false;
  if (operation != EPOLL_CTL_MOD) tophash_timer_note_set(descriptor, is_added ? set : -1);
}

CHANGING(epoll_ctl, (int set, int operation, int descriptor, struct epoll_event *event),
         note_in_set(set, operation, descriptor), set, operation, descriptor, event)

static void note_both(const int *pair, int status) {
  if (status != 0) return;
  tophash_note_inner_descriptor(pair[0]);
  tophash_note_inner_descriptor(pair[1]);
}

CHANGING(pipe, (int pair[2]), note_both(pair, status), pair)
CHANGING(pipe2, (int pair[2], int flags), note_both(pair, status), pair, flags)
CHANGING(socketpair, (int domain, int type, int protocol, int pair[2]), note_both(pair, status),
         domain, type, protocol, pair)

// MARK: Waiting for several

TOPHASH_REAL(int, epoll_wait, (int, struct epoll_event *, int, int))
TOPHASH_REAL(int, poll, (struct pollfd *, nfds_t, int))
TOPHASH_REAL(int, ppoll, (struct pollfd *, nfds_t, const struct timespec *, const sigset_t *))
TOPHASH_REAL(int, select, (int, fd_set *, fd_set *, fd_set *, struct timeval *))

static uint64_t deadline_of(int milliseconds) {
  return milliseconds > 0 ? tophash_now() + (uint64_t)milliseconds * 1000000 : 0;
}

static int wait_for_set(struct tophash_thread *self, int set, struct epoll_event *events, int count,
                        int milliseconds, struct tophash_site site) {
  uint64_t deadline = deadline_of(milliseconds);
  int status;
  bool is_late = false;
  while ((status = epoll_wait_real()(set, events, count, 0)) == 0 && milliseconds != 0 && !is_late) {
    struct pollfd one = {.fd = set, .events = POLLIN};
    is_late = tophash_wait_descriptors(self, &one, 1, deadline, site);
  }
  tophash_leave(self);
  return status;
}

TOPHASH_EXPORT int epoll_wait(int set, struct epoll_event *events, int count, int milliseconds) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return epoll_wait_real()(set, events, count, milliseconds);
  return wait_for_set(self, set, events, count, milliseconds, TOPHASH_SITE);
}

TOPHASH_EXPORT int epoll_pwait(int set, struct epoll_event *events, int count, int milliseconds,
                               const sigset_t *mask) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL)
    return (int)syscall(SYS_epoll_pwait, set, events, count, milliseconds, mask, 8);
  return wait_for_set(self, set, events, count, milliseconds, TOPHASH_SITE);
}

static int wait_for_all(struct tophash_thread *self, struct pollfd *descriptors, nfds_t count,
                        bool may_wait, uint64_t deadline, struct tophash_site site) {
  int status;
  // A wait for nothing is a sleep.
  bool is_late = count == 0 && may_wait && deadline != 0;
  if (is_late) tophash_wait(self, TOPHASH_POINT_SLEEP, NULL, deadline, site);
  while ((status = poll_real()(descriptors, count, 0)) == 0 && may_wait && !is_late)
    is_late = tophash_wait_descriptors(self, descriptors, (uint32_t)count, deadline, site);
  tophash_leave(self);
  return status;
}

TOPHASH_EXPORT int poll(struct pollfd *descriptors, nfds_t count, int milliseconds) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return poll_real()(descriptors, count, milliseconds);
  return wait_for_all(self, descriptors, count, milliseconds != 0, deadline_of(milliseconds),
                      TOPHASH_SITE);
}

TOPHASH_EXPORT int ppoll(struct pollfd *descriptors, nfds_t count, const struct timespec *limit,
                         const sigset_t *mask) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return ppoll_real()(descriptors, count, limit, mask);
  bool may_wait = limit == NULL || limit->tv_sec != 0 || limit->tv_nsec != 0;
  return wait_for_all(self, descriptors, count, may_wait,
                      limit != NULL ? tophash_deadline_in(limit) : 0, TOPHASH_SITE);
}

TOPHASH_EXPORT int select(int count, fd_set *reading, fd_set *writing, fd_set *failing,
                          struct timeval *limit) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return select_real()(count, reading, writing, failing, limit);
  struct pollfd all[FD_SETSIZE];
  uint32_t used = 0;
  for (int i = 0; i < count && i < FD_SETSIZE; i++) {
    short events = 0;
    if (reading != NULL && FD_ISSET(i, reading)) events |= POLLIN;
    if (writing != NULL && FD_ISSET(i, writing)) events |= POLLOUT;
    if (failing != NULL && FD_ISSET(i, failing)) events |= POLLPRI;
    if (events != 0) all[used++] = (struct pollfd){.fd = i, .events = events};
  }
  bool may_wait = limit == NULL || limit->tv_sec != 0 || limit->tv_usec != 0;
  struct timespec duration = {0};
  if (limit != NULL)
    duration = (struct timespec){.tv_sec = limit->tv_sec, .tv_nsec = limit->tv_usec * 1000};
  // Ends when one of them is ready, or in time: then the original tells which, without waiting.
  wait_for_all(self, all, used, may_wait, limit != NULL ? tophash_deadline_in(&duration) : 0,
               TOPHASH_SITE);
  struct timeval now = {0};
  return select_real()(count, reading, writing, failing, &now);
}
