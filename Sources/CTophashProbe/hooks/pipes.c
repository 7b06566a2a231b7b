// What is handed over through a pipe: whoever has read knows what the writer knew.
//
// Only for descriptors whose other end is in this process as well: pipes, pairs of
// sockets, counters (eventfd). Both ends share one sync object. A descriptor that
// came in another way, such as a connection, orders nothing: its other end is
// another process's, nearly always.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "strands.h"

// By descriptor: its sync object, which is a place in this table; 0: none.
#define DESCRIPTORS 4096
static uint64_t ends[DESCRIPTORS];

static bool is_followed(int descriptor) {
  return tophash_process.has_clocks && descriptor >= 0 && descriptor < DESCRIPTORS;
}

static uint64_t key_of(int descriptor) {
  return is_followed(descriptor) ? __atomic_load_n(&ends[descriptor], __ATOMIC_RELAXED) : 0;
}

static void set_key(int descriptor, uint64_t key) {
  if (is_followed(descriptor)) __atomic_store_n(&ends[descriptor], key, __ATOMIC_RELAXED);
}

/// Two ends that are new.
static int joined(int status, const int pair[2], const void *caller) {
  // What Dispatch wakes its own threads with orders nothing to rely on.
  if (status != 0 || tophash_is_runtime(caller)) return status;
  if (!is_followed(pair[0]) || !is_followed(pair[1])) return status;
  uint64_t key = (uint64_t)&ends[pair[0]];
  tophash_clocks_forget_sync(tophash_process.clocks, key);
  set_key(pair[0], key);
  set_key(pair[1], key);
  return status;
}

static int duplicate(int old, int new) {
  if (new >= 0) set_key(new, key_of(old));
  return new;
}

static void will_write(int descriptor) {
  uint64_t key = key_of(descriptor);
  if (tophash_unlikely(key != 0)) tophash_edge_release(key);
}

// Also at the end of all that was written: it comes after the other end was closed.
static ssize_t has_read(int descriptor, ssize_t count) {
  uint64_t key = key_of(descriptor);
  if (tophash_unlikely(key != 0) && count >= 0) tophash_edge_acquire(key);
  return count;
}

/// Defines a function of the C library in front of the original; see `locks.c` for
/// when that is looked up.
#define FUNCTION(result, name, parameters, body)                                    \
  static result(*name##_original) parameters;                                       \
  __attribute__((constructor, cold)) static void find_##name(void) {                \
    void *found = dlsym(RTLD_NEXT, #name);                                          \
    __atomic_store_n(&name##_original, (result(*) parameters)found, __ATOMIC_RELAXED); \
  }                                                                                 \
  TOPHASH_EXPORT result name parameters {                                           \
    result(*next) parameters = __atomic_load_n(&name##_original, __ATOMIC_RELAXED); \
    if (tophash_unlikely(next == NULL)) {                                           \
      find_##name();                                                                \
      next = __atomic_load_n(&name##_original, __ATOMIC_RELAXED);                   \
    }                                                                               \
    const void *caller = __builtin_return_address(0);                               \
    (void)caller;                                                                   \
    body;                                                                           \
  }

#define WRITES(name, parameters, ...) \
  FUNCTION(ssize_t, name, parameters, will_write(descriptor); return next(__VA_ARGS__))
#define READS(name, parameters, ...) \
  FUNCTION(ssize_t, name, parameters, return has_read(descriptor, next(__VA_ARGS__)))

FUNCTION(int, pipe, (int pair[2]), return joined(next(pair), pair, caller))
FUNCTION(int, pipe2, (int pair[2], int flags), return joined(next(pair, flags), pair, caller))
FUNCTION(int, socketpair, (int domain, int type, int protocol, int pair[2]),
         return joined(next(domain, type, protocol, pair), pair, caller))
FUNCTION(int, eventfd, (unsigned count, int flags), {
  int pair[2];
  pair[0] = pair[1] = next(count, flags);
  if (pair[0] >= 0) joined(0, pair, caller);
  return pair[0];
})
FUNCTION(int, dup, (int old), return duplicate(old, next(old)))
FUNCTION(int, dup2, (int old, int new), return duplicate(old, next(old, new)))
FUNCTION(int, dup3, (int old, int new, int flags), return duplicate(old, next(old, new, flags)))
FUNCTION(int, close, (int descriptor), {
  will_write(descriptor);
  set_key(descriptor, 0);
  return next(descriptor);
})

WRITES(write, (int descriptor, const void *bytes, size_t count), descriptor, bytes, count)
WRITES(writev, (int descriptor, const struct iovec *parts, int count), descriptor, parts, count)
WRITES(send, (int descriptor, const void *bytes, size_t count, int flags), descriptor, bytes, count,
       flags)
WRITES(sendmsg, (int descriptor, const struct msghdr *message, int flags), descriptor, message, flags)
READS(read, (int descriptor, void *bytes, size_t count), descriptor, bytes, count)
READS(readv, (int descriptor, const struct iovec *parts, int count), descriptor, parts, count)
READS(recv, (int descriptor, void *bytes, size_t count, int flags), descriptor, bytes, count, flags)
READS(recvmsg, (int descriptor, struct msghdr *message, int flags), descriptor, message, flags)

TOPHASH_EXPORT int eventfd_write(int descriptor, eventfd_t value) {
  return write(descriptor, &value, sizeof value) == sizeof value ? 0 : -1;
}

TOPHASH_EXPORT int eventfd_read(int descriptor, eventfd_t *value) {
  return read(descriptor, value, sizeof *value) == sizeof *value ? 0 : -1;
}
