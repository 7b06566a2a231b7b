// Children: waiting for their end, and knowing whether there are any.

#include "tophash_explore.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

TOPHASH_REAL(pid_t, wait4, (pid_t, int *, int, struct rusage *))
TOPHASH_REAL(int, waitid, (idtype_t, id_t, siginfo_t *, int))
TOPHASH_REAL(int, posix_spawn,
             (pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
              char *const[], char *const[]))
TOPHASH_REAL(int, posix_spawnp,
             (pid_t *, const char *, const posix_spawn_file_actions_t *, const posix_spawnattr_t *,
              char *const[], char *const[]))

// MARK: Starting

#define CHILDREN_MAX 64

static pid_t children[CHILDREN_MAX];
static bool has_spawned;

/// In the parent: such a run need not repeat.
void tophash_note_fork(void) {
  has_spawned = true;
  tophash_run.file->account.external++;
}

static void note_child(pid_t child) {
  tophash_note_fork();
  for (int i = 0; i < CHILDREN_MAX; i++) {
    if (children[i] != 0) continue;
    children[i] = child;
    return;
  }
}

bool tophash_has_spawned(void) { return has_spawned; }

/// Defines a function that starts a program, in front of the original.
#define SPAWN_FUNCTION(name)                                                                    \
  TOPHASH_EXPORT int name(pid_t *restrict child, const char *restrict path,                     \
                          const posix_spawn_file_actions_t *actions,                            \
                          const posix_spawnattr_t *restrict attributes,                         \
                          char *const arguments[restrict], char *const environment[restrict]) { \
    struct tophash_thread *self = tophash_enter();                                              \
    pid_t started = 0;                                                                          \
    int failure = name##_real()(&started, path, actions, attributes, arguments, environment);   \
    if (failure == 0 && child != NULL) *child = started;                                        \
    if (self == NULL) return failure;                                                           \
    if (failure == 0) note_child(started);                                                      \
    tophash_leave(self);                                                                        \
    return failure;                                                                             \
  }

SPAWN_FUNCTION(posix_spawn)
SPAWN_FUNCTION(posix_spawnp)

/// Whether such a child has ended, and nobody was told: 1; 0 when it runs, -1 when there is none.
static int has_ended(idtype_t type, id_t id, int options) {
  siginfo_t info = {0};
  long failure = tophash_call(SYS_waitid, type, id, (long)&info, options | WNOHANG | WNOWAIT, 0, 0);
  if (failure != 0) return -1;
  return info.si_pid != 0;
}

enum tophash_outside tophash_outside_of_children(void) {
  int any = has_ended(P_ALL, 0, WEXITED);
  if (any < 0) return TOPHASH_OUTSIDE_NOTHING;
  has_spawned = true;
  bool runs = any == 0;
  for (int i = 0; i < CHILDREN_MAX; i++) {
    if (children[i] == 0) continue;
    if (has_ended(P_PID, (id_t)children[i], WEXITED) == 0)
      runs = true;
    else
      children[i] = 0;
  }
  return runs ? TOPHASH_OUTSIDE_EXPECTED : TOPHASH_OUTSIDE_POSSIBLE;
}

// MARK: Becoming another program

TOPHASH_REAL(int, execve, (const char *, char *const[], char *const[]))
TOPHASH_REAL(int, execvpe, (const char *, char *const[], char *const[]))
TOPHASH_REAL(int, fexecve, (int, char *const[], char *const[]))

/// Ends the run where the controlled process itself would become another program, and not a
/// child: one made by `vfork` still has this process's memory, and so its flags.
static void end_before_exec(void) {
  if (!tophash_is_controlled || getpid() != tophash_run.process) return;
  if (tophash_enter() != NULL) tophash_finish(TOPHASH_END_REPLACED);
}

TOPHASH_EXPORT int execve(const char *path, char *const arguments[], char *const environment[]) {
  if (access(path, X_OK) == 0) end_before_exec();
  return execve_real()(path, arguments, environment);
}

TOPHASH_EXPORT int execv(const char *path, char *const arguments[]) {
  return execve(path, arguments, environ);
}

TOPHASH_EXPORT int execvpe(const char *name, char *const arguments[], char *const environment[]) {
  end_before_exec();
  return execvpe_real()(name, arguments, environment);
}

TOPHASH_EXPORT int execvp(const char *name, char *const arguments[]) {
  return execvpe(name, arguments, environ);
}

TOPHASH_EXPORT int fexecve(int file, char *const arguments[], char *const environment[]) {
  end_before_exec();
  return fexecve_real()(file, arguments, environment);
}

// MARK: Waiting

bool tophash_child_has_ended(const struct tophash_thread *thread) {
  return has_ended((idtype_t)thread->child_type, (id_t)thread->child, thread->child_options) != 0;
}

/// Waits until `has_ended`; a negative error when a signal came first.
static int await(struct tophash_thread *self, idtype_t type, id_t id, int options,
                 struct tophash_site site) {
  while (has_ended(type, id, options) == 0) {
    self->child_type = (int)type;
    self->child = id;
    self->child_options = options;
    self->asks = TOPHASH_ASKS_CHILD;
    tophash_wait(self, TOPHASH_POINT_SUSPEND, NULL, 0, site);
    self->asks = TOPHASH_ASKS_NOTHING;
    if (self->interrupted == TOPHASH_INTERRUPTED) return -EINTR;
  }
  return 0;
}

TOPHASH_EXPORT pid_t wait4(pid_t child, int *status, int options, struct rusage *usage) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return wait4_real()(child, status, options, usage);
  idtype_t type = child > 0 ? P_PID : child == -1 ? P_ALL : P_PGID;
  id_t id = child > 0 ? (id_t)child : child == 0 ? (id_t)getpgrp() : (id_t)-child;
  int events = WEXITED | (options & (WUNTRACED | WCONTINUED));
  int failure = options & WNOHANG ? 0 : await(self, type, id, events, TOPHASH_SITE);
  pid_t found = failure == 0 ? wait4_real()(child, status, options, usage) : -1;
  int error = failure == 0 ? errno : -failure;
  tophash_leave(self);
  errno = error;
  return found;
}

TOPHASH_EXPORT pid_t waitpid(pid_t child, int *status, int options) {
  return wait4(child, status, options, NULL);
}

TOPHASH_EXPORT pid_t wait(int *status) { return wait4(-1, status, 0, NULL); }

TOPHASH_EXPORT int waitid(idtype_t type, id_t id, siginfo_t *info, int options) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return waitid_real()(type, id, info, options);
  int events = options & (WEXITED | WSTOPPED | WCONTINUED);
  int failure = options & WNOHANG ? 0 : await(self, type, id, events, TOPHASH_SITE);
  int status = failure == 0 ? waitid_real()(type, id, info, options) : -1;
  int error = failure == 0 ? errno : -failure;
  tophash_leave(self);
  errno = error;
  return status;
}
