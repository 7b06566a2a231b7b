// Reading memory that may not be there.
//
// The kernel copies it, so a bad address is an error code and not a signal.

#include "tophash_facts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096u
#define PAGES_AT_ONCE 16

static size_t to_end_of_page(uint64_t address) { return PAGE - (size_t)(address % PAGE); }

// Set once the kernel, or a seccomp filter, has said no. Relaxed everywhere: it only saves a call.
static bool is_denied;

// One remote piece per page: a copy may stop between pieces, so that the readable pages before a
// bad one arrive whatever the kernel does within a piece.
static ssize_t read_by_copy(uint64_t address, void *into, size_t size) {
  struct iovec remote[PAGES_AT_ONCE];
  unsigned long count = 0;
  size_t done = 0;
  while (done < size && count < PAGES_AT_ONCE) {
    size_t piece = to_end_of_page(address + done);
    if (piece > size - done) piece = size - done;
    remote[count].iov_base = (void *)(uintptr_t)(address + done);
    remote[count].iov_len = piece;
    done += piece;
    count++;
  }
  struct iovec local = {into, done};
  // `syscall` is variadic: every argument has to be as wide as a register, or the kernel sees
  // whatever was left in the upper half.
  long pid = syscall(SYS_getpid);
  return syscall(SYS_process_vm_readv, pid, &local, 1ul, remote, count, 0ul);
}

// Raw calls: the C library's `read` and `write` are cancellation points, and can be interposed.
size_t tophash_memory_read_by_pipe(uint64_t address, void *into, size_t size) {
  int saved = errno;
  int ends[2];
  size_t done = 0;
  if (syscall(SYS_pipe2, ends, (long)(O_CLOEXEC | O_NONBLOCK)) == 0) {
    while (done < size && address + done >= address) {
      size_t piece = to_end_of_page(address + done);
      if (piece > size - done) piece = size - done;
      // A page always fits an empty pipe. Memory that is not there makes this fail with EFAULT.
      long sent = syscall(SYS_write, (long)ends[1], (uintptr_t)(address + done), piece);
      if (sent <= 0) break;
      long received = syscall(SYS_read, (long)ends[0], (uint8_t *)into + done, (size_t)sent);
      if (received != sent) break;
      done += (size_t)received;
      if ((size_t)sent < piece) break;
    }
    syscall(SYS_close, (long)ends[0]);
    syscall(SYS_close, (long)ends[1]);
  }
  errno = saved;
  return done;
}

size_t tophash_memory_read(uint64_t address, void *into, size_t size) {
  int saved = errno;
  size_t done = 0;
  while (done < size && !__atomic_load_n(&is_denied, __ATOMIC_RELAXED)) {
    ssize_t copied = read_by_copy(address + done, (uint8_t *)into + done, size - done);
    if (copied < 0 && (errno == EPERM || errno == EACCES || errno == ENOSYS)) {
      __atomic_store_n(&is_denied, true, __ATOMIC_RELAXED);
      break;
    }
    if (copied <= 0) {
      errno = saved;
      return done;
    }
    done += (size_t)copied;
  }
  errno = saved;
  if (done < size) {
    done += tophash_memory_read_by_pipe(address + done, (uint8_t *)into + done, size - done);
  }
  return done;
}
