// Notices a thread that has the baton and makes no progress: it blocks in a call that is not
// modelled, or runs on without a point. Then the baton is taken from it, and the run counts as
// partly controlled: it may still crash, but it proves no deadlock and need not repeat.

#include "tophash_explore.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIGNAL TOPHASH_WATCHDOG_SIGNAL
#define TICK_MS 10
enum { SLEEPS = 1, RUNS = 2 };
// Processor time without a point, in kernel ticks of 10 ms, until a thread is interrupted.
#define RUN_LIMIT 100

// MARK: In the child

/// Runs in the thread that has the baton.
static void interrupted(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  struct tophash_thread *self = tophash_self;
  if (self == NULL || self->inside || self->state != TOPHASH_THREAD_READY) return;
  struct tophash_account *account = &tophash_run.file->account;
  if (account->holder_tid != self->tid) return;
  int error = errno;
  self->inside = true;
  if (info->si_value.sival_int == SLEEPS) {
    if (tophash_give_away(self, false)) account->lost++;
  } else if (tophash_give_away(self, true)) {
    account->sliced++;
    tophash_await_turn(self);
  }
  tophash_leave(self);
  errno = error;
}

void tophash_watchdog_begin(void) {
  struct sigaction action = {.sa_sigaction = interrupted, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigaction(SIGNAL, &action, NULL);
}

// MARK: In the server

struct look {
  char state;
  unsigned long time;  // of the processor
};

static struct look look_at(int child, uint32_t tid) {
  char path[64], text[512];
  snprintf(path, sizeof path, "/proc/%d/task/%u/stat", child, tid);
  struct look look = {.state = '?'};
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return look;
  ssize_t size = read(descriptor, text, sizeof text - 1);
  close(descriptor);
  if (size <= 0) return look;
  text[size] = 0;
  const char *after = strrchr(text, ')');  // of the command's name
  unsigned long user = 0, kernel = 0;
  if (after == NULL || sscanf(after + 2, "%c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                              &look.state, &user, &kernel) != 3)
    look.state = '?';
  look.time = user + kernel;
  return look;
}

static int blocking_call(int child, uint32_t tid) {
  char path[64], text[64] = "";
  snprintf(path, sizeof path, "/proc/%d/task/%u/syscall", child, tid);
  int descriptor = open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return -1;
  ssize_t size = read(descriptor, text, sizeof text - 1);
  close(descriptor);
  return size > 0 && text[0] >= '0' && text[0] <= '9' ? atoi(text) : -1;
}

static void interrupt(int child, uint32_t tid, int reason) {
  siginfo_t info = {.si_signo = SIGNAL, .si_code = SI_QUEUE};
  info.si_value.sival_int = reason;
  tophash_call(SYS_rt_tgsigqueueinfo, child, tid, SIGNAL, (long)&info, 0, 0);
}

int tophash_watch(int child, struct tophash_schedule_file *file) {
  volatile struct tophash_account *account = &file->account;
  int status = 0;
  int descriptor = (int)tophash_call(SYS_pidfd_open, child, 0, 0, 0, 0, 0);
  uint32_t steps = 0, tid = 0, asleep = 0, still = 0;
  unsigned long since = 0;
  uint32_t limit = file->order.real_limit_ms / TICK_MS;
  for (;;) {
    struct pollfd end = {.fd = descriptor, .events = POLLIN};
    bool is_over = descriptor < 0 || poll(&end, 1, TICK_MS) != 0;
    if (is_over) break;
    bool moved = account->steps != steps || account->holder_tid != tid;
    steps = account->steps, tid = account->holder_tid;
    still = moved ? 0 : still + 1;
    if (limit != 0 && still > limit) {
      kill(child, SIGKILL);
      account->end = TOPHASH_END_STALLED;
      break;
    }
    if (account->is_idle || account->is_controlled == 0) continue;
    struct look look = look_at(child, tid);
    if (moved) asleep = 0, since = look.time;
    asleep = look.state == 'S' || look.state == 'D' ? asleep + 1 : 0;
    if (asleep >= 3) {
      account->lost_call = blocking_call(child, tid);
      interrupt(child, tid, SLEEPS);
      asleep = 0;
    } else if (look.time - since > RUN_LIMIT) {
      interrupt(child, tid, RUNS);
      since = look.time;
    }
  }
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (descriptor >= 0) close(descriptor);
  return status;
}
