// The fork server: stops in front of `main`, where the program has one thread, and makes a
// child for every schedule that the tool asks for. All children begin alike, down to each address.
// Under a debugger there is no server, and the one run is this process's own.

#include "tophash_explore.h"

#include <execinfo.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Where the tool leaves the two ends: of requests, one byte each, and of answers.
#define REQUESTS 198
#define ANSWERS 199
#define VARIABLE "TOPHASH_EXPLORE"
#define RANDOM_ADDRESSES "TOPHASH_EXPLORE_ASLR"

// Nothing that others define may be missing in a program that has no Swift; see the probe.
__attribute__((section(".swift1_autolink_entries"), used, retain)) static const char
    linker_options[] = "-Wl,--as-needed";
__attribute__((visibility("hidden"))) void swift_addNewDSOImage(const void *image) { (void)image; }
__attribute__((visibility("hidden"))) bool _swift_backtrace_isThunkFunction(const char *name) {
  return (void)name, false;
}

typedef int (*main_function)(int, char **, char **);
static main_function program_main;

TOPHASH_REAL(int, __libc_start_main,
             (main_function, int, char **, void (*)(void), void (*)(void), void (*)(void), void *))
TOPHASH_REAL(pid_t, fork, (void))
TOPHASH_REAL(ssize_t, read, (int, void *, size_t))
TOPHASH_REAL(ssize_t, write, (int, const void *, size_t))

bool tophash_is_wanted(void) {
  static int wanted;  // 1: no, 2: yes
  if (wanted == 0) wanted = getenv(VARIABLE) != NULL ? 2 : 1;
  return wanted == 2;
}

static struct tophash_schedule_file *map_file(const char *path) {
  int descriptor = open(path, O_RDWR | O_CLOEXEC);
  if (descriptor < 0) return NULL;
  struct stat status;
  void *file = MAP_FAILED;
  if (fstat(descriptor, &status) == 0 && (size_t)status.st_size >= sizeof *tophash_run.file)
    file = mmap(NULL, sizeof *tophash_run.file, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  close(descriptor);
  return file == MAP_FAILED ? NULL : file;
}

/// A forked child of the program runs free: the tool acts in one process.
static void forked(void) {
  tophash_self = NULL;
  tophash_is_controlled = false;
}

/// From here on this process is under control.
static void begin_run(void) {
  struct tophash_schedule_file *file = tophash_run.file;
  tophash_run.process = getpid();
  tophash_scheduler_start(&tophash_run.scheduler, &file->order, &file->account, file->crossroads);
  tophash_watchdog_begin();
  if (file->order.is_detailed) tophash_crash_begin();
  pthread_atfork(NULL, tophash_note_fork, forked);
  tophash_threads_begin();
  tophash_jobs_begin();
  file->account.is_controlled = 1;
  tophash_is_controlled = true;
}

/// Serves until the tool goes away. Comes back in each child.
static void serve(void) {
  struct tophash_schedule_file *file = tophash_run.file;
  char byte = 'v';
  (void)!write_real()(ANSWERS, &byte, 1);
  while (read_real()(REQUESTS, &byte, 1) == 1) {
    memset(&file->account, 0, offsetof(struct tophash_account, overlaps));
    pid_t child = fork_real()();
    if (child == 0) {
      tophash_call(SYS_close, REQUESTS, 0, 0, 0, 0, 0);
      tophash_call(SYS_close, ANSWERS, 0, 0, 0, 0, 0);
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      return;
    }
    file->account.child = (uint32_t)child;
    file->account.wait_status = child < 0 ? -1 : tophash_watch(child, file);
    file->account.child = 0;
    if (write_real()(ANSWERS, &byte, 1) != 1) break;
  }
  _exit(0);
}

/// Starts the program once more, with the same addresses as every time: also what is sorted or
/// hashed by address then repeats. Does nothing where the system does not let it.
static void fix_addresses(char **argv) {
  int now = personality(0xFFFFFFFF);
  if (getenv(RANDOM_ADDRESSES) != NULL || now < 0 || (now & ADDR_NO_RANDOMIZE)) return;
  char path[4096];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  if (length <= 0) return;
  path[length] = 0;
  if (personality((unsigned long)now | ADDR_NO_RANDOMIZE) < 0) return;
  execve(path, argv, environ);
  personality((unsigned long)now);
}

/// One processor for the server and its children, in turn for each server: handing the baton
/// over costs less, and two servers do not meet.
static void stay_on_one_processor(void) {
  cpu_set_t allowed, one;
  long size = tophash_call(SYS_sched_getaffinity, 0, sizeof allowed, (long)&allowed, 0, 0, 0);
  if (size <= 0) return;
  const char *path = getenv(VARIABLE);
  const char *number = strrchr(path, '-');
  int turn = (number != NULL ? atoi(number + 1) : 0) % CPU_COUNT_S((size_t)size, &allowed);
  for (int i = 0; i < (int)size * 8; i++) {
    if (!CPU_ISSET_S(i, (size_t)size, &allowed) || turn-- > 0) continue;
    CPU_ZERO(&one);
    CPU_SET(i, &one);
    tophash_call(SYS_sched_setaffinity, 0, sizeof one, (long)&one, 0, 0, 0);
    return;
  }
}

/// The first `pthread_exit` of a process loads what unwinds its stack, as does the first trace.
/// Here it is done once for all children.
static void prepare_ends_of_threads(void) {
  void *frame;
  backtrace(&frame, 1);
}

static int controlled_main(int argc, char **argv, char **environment) {
  const char *path = getenv(VARIABLE);
  tophash_run.file = path != NULL ? map_file(path) : NULL;
  if (tophash_run.file == NULL) _exit(70);
  fix_addresses(argv);
  stay_on_one_processor();
  // What the program starts runs free.
  unsetenv("LD_PRELOAD");
  unsetenv(VARIABLE);
  unsetenv(RANDOM_ADDRESSES);
  const char *binding = getenv("LD_BIND_NOW");
  if (binding != NULL && strcmp(binding, "tophash") == 0) unsetenv("LD_BIND_NOW");
  prepare_ends_of_threads();
  tophash_images_find();
  tophash_atomics_begin();
  // A debugger holds on to the process that it started.
  if (!tophash_run.file->order.is_direct) serve();
  begin_run();
  int status = program_main(argc, argv, environment);
  return status;
}

TOPHASH_EXPORT int __libc_start_main(main_function main, int argc, char **argv, void (*init)(void),
                                     void (*fini)(void), void (*rtld_fini)(void), void *stack_end) {
  program_main = main;
  if (tophash_is_wanted()) main = controlled_main;
  return __libc_start_main_real()(main, argc, argv, init, fini, rtld_fini, stack_end);
}

/// For test code in this process; see tophash_testing.h.
TOPHASH_EXPORT uint32_t tophash_testing_is_explored(void) { return tophash_is_controlled; }

/// The program ends by itself: who its threads were goes into the account of a detailed run.
__attribute__((destructor)) static void end_run(void) {
  if (!tophash_is_controlled || tophash_self == NULL) return;
  if (tophash_run.file->order.is_detailed) tophash_describe_threads();
}
