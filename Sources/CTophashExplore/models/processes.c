// Waiting for children and signals.

#include "tophash_explore.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

TOPHASH_REAL(pid_t, wait4, (pid_t, int *, int, struct rusage *))
TOPHASH_REAL(int, waitid, (idtype_t, id_t, siginfo_t *, int))
TOPHASH_REAL(int, sigsuspend, (const sigset_t *))
TOPHASH_REAL(int, pause, (void))

/// Waits for something that can only be asked for again and again.
static void ask_later(struct tophash_thread *self, struct tophash_site site) {
  self->polls = true;
  tophash_wait(self, TOPHASH_POINT_SUSPEND, NULL, 0, site);
  self->polls = false;
}

TOPHASH_EXPORT pid_t wait4(pid_t child, int *status, int options, struct rusage *usage) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return wait4_real()(child, status, options, usage);
  struct tophash_site site = TOPHASH_SITE;
  pid_t found;
  while ((found = wait4_real()(child, status, options | WNOHANG, usage)) == 0 &&
         !(options & WNOHANG))
    ask_later(self, site);
  tophash_leave(self);
  return found;
}

TOPHASH_EXPORT pid_t waitpid(pid_t child, int *status, int options) {
  return wait4(child, status, options, NULL);
}

TOPHASH_EXPORT pid_t wait(int *status) { return wait4(-1, status, 0, NULL); }

TOPHASH_EXPORT int waitid(idtype_t type, id_t id, siginfo_t *info, int options) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return waitid_real()(type, id, info, options);
  struct tophash_site site = TOPHASH_SITE;
  siginfo_t mine = {0};
  siginfo_t *into = info != NULL ? info : &mine;
  int failure;
  into->si_pid = 0;
  while ((failure = waitid_real()(type, id, into, options | WNOHANG)) == 0 && into->si_pid == 0 &&
         !(options & WNOHANG))
    ask_later(self, site);
  tophash_leave(self);
  return failure;
}

// MARK: Signals
//
// The main thread of a program that lives on its main queue waits here, for ever. A signal whose
// handler runs meanwhile does not end the wait.

static int suspend(struct tophash_thread *self, struct tophash_site site) {
  for (;;) tophash_wait(self, TOPHASH_POINT_SUSPEND, NULL, 0, site);
}

TOPHASH_EXPORT int sigsuspend(const sigset_t *mask) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return sigsuspend_real()(mask);
  return suspend(self, TOPHASH_SITE);
}

TOPHASH_EXPORT int pause(void) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return pause_real()();
  return suspend(self, TOPHASH_SITE);
}
