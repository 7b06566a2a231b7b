#define _GNU_SOURCE
#include "tophash_reader.h"

#include <pthread.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/membarrier.h>
#include <sys/syscall.h>
#endif

_Thread_local void *tophash_reader_own_slot;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool have_key;
static void (*_Atomic release_slot)(void *slot);

// A later destructor of the same thread may read a dictionary once more. It
// finds no slot, keeps a new one, and the system calls this again.
static void end_of_thread(void *slot) {
  tophash_reader_own_slot = NULL;
  atomic_load_explicit(&release_slot, memory_order_relaxed)(slot);
}

static void make_key(void) { have_key = pthread_key_create(&key, end_of_thread) == 0; }

void tophash_reader_keep(void *slot, void (*release)(void *slot)) {
  // The same function every time.
  atomic_store_explicit(&release_slot, release, memory_order_relaxed);
  pthread_once(&once, make_key);
  // A slot that could not be given back at the end is not kept.
  if (have_key && pthread_setspecific(key, slot) == 0) {
    tophash_reader_own_slot = slot;
  } else {
    release(slot);
  }
}

bool tophash_reader_prepare(void) {
#ifdef __linux__
  return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
#else
  return false;
#endif
}

bool tophash_reader_barrier(void) {
#ifdef __linux__
  if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0) return true;
  // A process that was forked from the one that asked has to ask for itself.
  return tophash_reader_prepare() &&
         syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0;
#else
  return false;
#endif
}
