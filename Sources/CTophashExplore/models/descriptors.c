// Input and output: a call that would block waits here until its descriptor is ready.
//
// What comes from within the program is noticed by whoever wrote it, at once and in the same
// order each time. What comes from outside is asked for when no thread can go on; the account
// counts it, since a run that depends on it cannot be promised to repeat.

#include "tophash_explore.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/// Waits until `descriptor` is ready for `events`, unless it does not block anyway. 0 when it may be
/// used; otherwise an error, of a signal or a limit.
static int await(struct tophash_thread *self, int descriptor, short events, int flags,
                 struct tophash_site site) {
  uint64_t deadline = 0;
  for (bool is_first = true;; is_first = false) {
    struct pollfd one = {.fd = descriptor, .events = events};
    struct timespec now = {0};
    if (tophash_call(SYS_ppoll, (long)&one, 1, (long)&now, 0, 8, 0) != 0) return 0;
    if (flags & MSG_DONTWAIT) return 0;
    if (tophash_call(SYS_fcntl, descriptor, F_GETFL, 0, 0, 0, 0) & O_NONBLOCK) return 0;
    if (is_first) {
      struct timeval limit = {0};
      socklen_t size = sizeof limit;
      int option = events == POLLIN ? SO_RCVTIMEO : SO_SNDTIMEO;
      bool has_limit = getsockopt(descriptor, SOL_SOCKET, option, &limit, &size) == 0 &&
                       (limit.tv_sec != 0 || limit.tv_usec != 0);
      struct timespec duration = {.tv_sec = limit.tv_sec, .tv_nsec = limit.tv_usec * 1000};
      if (has_limit) deadline = tophash_deadline_in(&duration);
    }
    if (tophash_wait_descriptors(self, &one, 1, deadline, site)) return EAGAIN;
    if (self->interrupted == TOPHASH_INTERRUPTED) return EINTR;
  }
}

// MARK: Reading and writing

/// Defines a function that may block on its first argument, in front of the original.
#define BLOCKING(result, name, parameters, awaited, flags, ...)          \
  TOPHASH_REAL(result, name, parameters)                                 \
  TOPHASH_EXPORT result name parameters {                                \
    struct tophash_thread *self = tophash_enter();                       \
    if (self == NULL) return name##_real()(__VA_ARGS__);                 \
    int error = await(self, descriptor, awaited, flags, TOPHASH_SITE);   \
    result status = -1;                                                  \
    if (error == 0) {                                                    \
      status = name##_real()(__VA_ARGS__);                               \
      error = errno;                                                     \
    }                                                                    \
    if (awaited == POLLOUT) tophash_check_descriptors();                 \
    tophash_leave(self);                                                 \
    errno = error;                                                       \
    return status;                                                       \
  }

BLOCKING(ssize_t, read, (int descriptor, void *into, size_t size), POLLIN, 0, descriptor, into,
         size)
BLOCKING(ssize_t, readv, (int descriptor, const struct iovec *into, int count), POLLIN, 0,
         descriptor, into, count)
BLOCKING(ssize_t, recv, (int descriptor, void *into, size_t size, int flags), POLLIN, flags,
         descriptor, into, size, flags)
BLOCKING(ssize_t, recvmsg, (int descriptor, struct msghdr *message, int flags), POLLIN, flags,
         descriptor, message, flags)
BLOCKING(ssize_t, recvfrom,
         (int descriptor, void *restrict into, size_t size, int flags,
          struct sockaddr *restrict from, socklen_t *restrict length),
         POLLIN, flags, descriptor, into, size, flags, from, length)
BLOCKING(ssize_t, writev, (int descriptor, const struct iovec *from, int count), POLLOUT, 0,
         descriptor, from, count)
BLOCKING(ssize_t, sendmsg, (int descriptor, const struct msghdr *message, int flags), POLLOUT,
         flags, descriptor, message, flags)
BLOCKING(ssize_t, sendto,
         (int descriptor, const void *from, size_t size, int flags, const struct sockaddr *to,
          socklen_t length),
         POLLOUT, flags, descriptor, from, size, flags, to, length)

// What is written is taken in pieces: the kernel would wait until all of it has room.

TOPHASH_REAL(ssize_t, write, (int, const void *, size_t))
TOPHASH_REAL(ssize_t, send, (int, const void *, size_t, int))

/// How much can be written at once without waiting, when there is room at all.
static size_t piece_of(int descriptor, size_t size) {
  struct stat status;
  bool is_pipe = size > PIPE_BUF && fstat(descriptor, &status) == 0 && S_ISFIFO(status.st_mode);
  return is_pipe ? PIPE_BUF : size;
}

static ssize_t put(struct tophash_thread *self, int descriptor, const void *from, size_t size,
                   int flags, bool is_send, struct tophash_site site) {
  size_t done = 0, piece = piece_of(descriptor, size);
  bool waits = !(flags & MSG_DONTWAIT) &&
               !(tophash_call(SYS_fcntl, descriptor, F_GETFL, 0, 0, 0, 0) & O_NONBLOCK);
  int error = 0;
  do {
    error = await(self, descriptor, POLLOUT, flags, site);
    if (error != 0) break;
    const void *rest = (const char *)from + done;
    size_t next = waits && piece < size - done ? piece : size - done;
    // To a socket: as much as there is room for.
    ssize_t written = waits ? send_real()(descriptor, rest, next, flags | MSG_DONTWAIT) : -1;
    bool is_socket = waits && !(written < 0 && errno == ENOTSOCK);
    if (!is_socket)
      written = is_send ? send_real()(descriptor, rest, next, flags)
                        : write_real()(descriptor, rest, next);
    if (written < 0) {
      if (is_socket && errno == EAGAIN) continue;
      error = errno;
      break;
    }
    done += (size_t)written;
    tophash_check_descriptors();
    if (written == 0) break;
  } while (waits && done < size);
  tophash_leave(self);
  if (done > 0 || error == 0) return (ssize_t)done;
  errno = error;
  return -1;
}

TOPHASH_EXPORT ssize_t write(int descriptor, const void *from, size_t size) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return write_real()(descriptor, from, size);
  return put(self, descriptor, from, size, 0, false, TOPHASH_SITE);
}

TOPHASH_EXPORT ssize_t send(int descriptor, const void *from, size_t size, int flags) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return send_real()(descriptor, from, size, flags);
  return put(self, descriptor, from, size, flags, true, TOPHASH_SITE);
}

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
CHANGING(socket, (int domain, int type, int protocol), tophash_note_socket(status), domain, type,
         protocol)
CHANGING(close, (int descriptor), tophash_note_closed(descriptor), descriptor)
CHANGING(eventfd, (unsigned value, int flags), tophash_note_inner_descriptor(status), value, flags)
CHANGING(epoll_create1, (int flags), tophash_note_set(status), flags)
CHANGING(epoll_create, (int size), tophash_note_set(status), size)
CHANGING(epoll_ctl, (int set, int operation, int descriptor, struct epoll_event *event),
         if (status == 0) tophash_note_member(set, operation, descriptor), set, operation,
         descriptor, event)

static void note_both(const int *pair, int status) {
  if (status != 0) return;
  tophash_note_pair(pair[0]);
  tophash_note_pair(pair[1]);
}

CHANGING(pipe, (int pair[2]), note_both(pair, status), pair)
CHANGING(pipe2, (int pair[2], int flags), note_both(pair, status), pair, flags)
CHANGING(socketpair, (int domain, int type, int protocol, int pair[2]), note_both(pair, status),
         domain, type, protocol, pair)

// MARK: Connecting

/// Counts it when somebody outside is at the other end: such a run need not repeat.
static void note_connection(int descriptor, bool is_accepted) {
  tophash_note_socket(descriptor);
  if (!is_accepted) tophash_note_client(descriptor);
  bool is_outer = tophash_outside_of(descriptor) == TOPHASH_OUTSIDE_EXPECTED;
  if (is_outer && !tophash_was_client(descriptor)) tophash_run.file->account.external++;
}

#define ACCEPTING(name, parameters, ...)                                 \
  TOPHASH_REAL(int, name, parameters)                                    \
  TOPHASH_EXPORT int name parameters {                                   \
    struct tophash_thread *self = tophash_enter();                       \
    if (self == NULL) return name##_real()(__VA_ARGS__);                 \
    int error = await(self, descriptor, POLLIN, 0, TOPHASH_SITE);        \
    int status = error == 0 ? name##_real()(__VA_ARGS__) : -1;           \
    if (error == 0) error = errno;                                       \
    if (status >= 0) note_connection(status, true);                      \
    tophash_leave(self);                                                 \
    errno = error;                                                       \
    return status;                                                       \
  }

ACCEPTING(accept, (int descriptor, struct sockaddr *restrict from, socklen_t *restrict length),
          descriptor, from, length)
ACCEPTING(accept4,
          (int descriptor, struct sockaddr *restrict from, socklen_t *restrict length, int flags),
          descriptor, from, length, flags)

TOPHASH_REAL(int, connect, (int, const struct sockaddr *, socklen_t))

/// Begins to connect without waiting, and waits here.
static int connect_and_wait(struct tophash_thread *self, int descriptor, const struct sockaddr *to,
                            socklen_t length, struct tophash_site site) {
  long flags = tophash_call(SYS_fcntl, descriptor, F_GETFL, 0, 0, 0, 0);
  bool is_remote = to->sa_family == AF_INET || to->sa_family == AF_INET6;
  bool waits = is_remote && flags >= 0 && !(flags & O_NONBLOCK);
  if (waits) tophash_call(SYS_fcntl, descriptor, F_SETFL, flags | O_NONBLOCK, 0, 0, 0);
  int status = connect_real()(descriptor, to, length), error = errno;
  if (waits) tophash_call(SYS_fcntl, descriptor, F_SETFL, flags, 0, 0, 0);
  tophash_check_descriptors();
  if (status == 0 || !waits || error != EINPROGRESS) {
    errno = error;
    return status;
  }
  error = await(self, descriptor, POLLOUT, 0, site);
  socklen_t size = sizeof error;
  if (error == 0) getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
  tophash_check_descriptors();
  errno = error;
  return error == 0 ? 0 : -1;
}

TOPHASH_EXPORT int connect(int descriptor, const struct sockaddr *to, socklen_t length) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return connect_real()(descriptor, to, length);
  int status = connect_and_wait(self, descriptor, to, length, TOPHASH_SITE);
  int error = errno;
  if (status == 0 || error == EINPROGRESS) note_connection(descriptor, false);
  tophash_leave(self);
  errno = error;
  return status;
}

// MARK: Waiting for several

TOPHASH_REAL(int, epoll_wait, (int, struct epoll_event *, int, int))
TOPHASH_REAL(int, poll, (struct pollfd *, nfds_t, int))
TOPHASH_REAL(int, ppoll, (struct pollfd *, nfds_t, const struct timespec *, const sigset_t *))
TOPHASH_REAL(int, select, (int, fd_set *, fd_set *, fd_set *, struct timeval *))

static uint64_t deadline_of(int milliseconds) {
  return milliseconds > 0 ? tophash_now() + (uint64_t)milliseconds * 1000000 : 0;
}

/// A signal has ended the wait, whether or not other calls would begin anew.
static bool is_interrupted(const struct tophash_thread *self, int *status) {
  if (self->interrupted == TOPHASH_GOES_ON) return false;
  errno = EINTR;
  *status = -1;
  return true;
}

static int wait_for_set(struct tophash_thread *self, int set, struct epoll_event *events, int count,
                        int milliseconds, const sigset_t *mask, struct tophash_site site) {
  uint64_t deadline = deadline_of(milliseconds);
  uint64_t before = tophash_signals_replace_mask(self, mask);
  int status;
  bool is_late = milliseconds == 0;
  while ((status = epoll_wait_real()(set, events, count, 0)) == 0 && !is_late) {
    if (is_interrupted(self, &status)) break;
    struct pollfd one = {.fd = set, .events = POLLIN};
    is_late = tophash_wait_descriptors(self, &one, 1, deadline, site);
  }
  tophash_signals_restore_mask(self, before);
  tophash_leave(self);
  return status;
}

TOPHASH_EXPORT int epoll_wait(int set, struct epoll_event *events, int count, int milliseconds) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return epoll_wait_real()(set, events, count, milliseconds);
  return wait_for_set(self, set, events, count, milliseconds, NULL, TOPHASH_SITE);
}

TOPHASH_EXPORT int epoll_pwait(int set, struct epoll_event *events, int count, int milliseconds,
                               const sigset_t *mask) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL)
    return (int)syscall(SYS_epoll_pwait, set, events, count, milliseconds, mask, 8);
  return wait_for_set(self, set, events, count, milliseconds, mask, TOPHASH_SITE);
}

/// Of a limit: whether the call waits at all, and until when (0: for ever).
struct patience {
  bool may_wait;
  uint64_t deadline;
};

static struct patience patience_of(const struct timespec *limit) {
  if (limit == NULL) return (struct patience){.may_wait = true};
  bool may_wait = limit->tv_sec != 0 || limit->tv_nsec != 0;
  return (struct patience){.may_wait = may_wait, .deadline = tophash_deadline_in(limit)};
}

static int wait_for_all(struct tophash_thread *self, struct pollfd *descriptors, nfds_t count,
                        struct patience patience, const sigset_t *mask, struct tophash_site site) {
  uint64_t before = tophash_signals_replace_mask(self, mask);
  int status;
  bool is_late = !patience.may_wait;
  while ((status = poll_real()(descriptors, count, 0)) == 0 && !is_late) {
    if (is_interrupted(self, &status)) break;
    // A wait for nothing is a sleep.
    is_late = count == 0 && patience.deadline != 0
                  ? tophash_wait(self, TOPHASH_POINT_SLEEP, NULL, patience.deadline, site)
                  : tophash_wait_descriptors(self, descriptors, (uint32_t)count, patience.deadline,
                                             site);
  }
  tophash_signals_restore_mask(self, before);
  tophash_leave(self);
  return status;
}

TOPHASH_EXPORT int poll(struct pollfd *descriptors, nfds_t count, int milliseconds) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return poll_real()(descriptors, count, milliseconds);
  struct patience patience = {.may_wait = milliseconds != 0, .deadline = deadline_of(milliseconds)};
  return wait_for_all(self, descriptors, count, patience, NULL, TOPHASH_SITE);
}

TOPHASH_EXPORT int ppoll(struct pollfd *descriptors, nfds_t count, const struct timespec *limit,
                         const sigset_t *mask) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return ppoll_real()(descriptors, count, limit, mask);
  return wait_for_all(self, descriptors, count, patience_of(limit), mask, TOPHASH_SITE);
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
  struct timespec duration = {0};
  if (limit != NULL)
    duration = (struct timespec){.tv_sec = limit->tv_sec, .tv_nsec = limit->tv_usec * 1000};
  // Ends when one of them is ready, or in time: then the original tells which, without waiting.
  int status = wait_for_all(self, all, used, patience_of(limit != NULL ? &duration : NULL), NULL,
                            TOPHASH_SITE);
  if (status < 0) return status;
  struct timeval now = {0};
  return select_real()(count, reading, writing, failing, &now);
}
