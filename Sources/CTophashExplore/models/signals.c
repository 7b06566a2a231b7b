// Signals: a handler runs in the thread that it is meant for, when that thread has its turn.
//
// What the program sends to itself never goes through the kernel when there is a handler: the
// thread is noted to have it, and runs it at its next turn, whatever it waits for. What comes from
// outside is taken where the kernel delivers it, and noted as well, unless the thread is in the
// midst of the program's own code: then the handler runs at once. A handler has no points: it
// runs to its end, and what it does (post a semaphore, write to a pipe) has its effect at once.
//
// Signals without a handler, or that every thread blocks, are the kernel's: it ends the program, or
// keeps them until somebody waits for them.

#include "tophash_explore.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define SIGNALS 65
#define BIT(signal) (1ull << ((signal) - 1))

TOPHASH_REAL(int, sigaction, (int, const struct sigaction *, struct sigaction *))
TOPHASH_REAL(int, pthread_sigmask, (int, const sigset_t *, sigset_t *))
TOPHASH_REAL(int, sigprocmask, (int, const sigset_t *, sigset_t *))
TOPHASH_REAL(int, kill, (pid_t, int))
TOPHASH_REAL(int, raise, (int))
TOPHASH_REAL(int, pthread_kill, (pthread_t, int))
TOPHASH_REAL(int, sigwaitinfo, (const sigset_t *, siginfo_t *))
TOPHASH_REAL(int, sigtimedwait, (const sigset_t *, siginfo_t *, const struct timespec *))
TOPHASH_REAL(int, sigwait, (const sigset_t *, int *))
TOPHASH_REAL(int, sigsuspend, (const sigset_t *))
TOPHASH_REAL(int, pause, (void))

// The program's own handlers. `handler` of those that have none is SIG_DFL.
static struct sigaction actions[SIGNALS];
// What came with the latest one of each. Two that come at once from outside may mix theirs: they
// only tell a handler who sent them.
static siginfo_t infos[SIGNALS];
// Signals whose handlers each thread is to run. Also written by signal handlers of this library.
static uint64_t pending[TOPHASH_THREADS];
// Waiting for a signal, blocked, is waiting at this.
static const char arrival;

static uint64_t bits_of(const sigset_t *set) {
  uint64_t bits;
  memcpy(&bits, set, sizeof bits);
  return bits;
}

/// The watchdog's own is never blocked.
static void mask_now(int how, uint64_t bits, uint64_t *before) {
  if (how == SIG_SETMASK) bits &= ~BIT(TOPHASH_WATCHDOG_SIGNAL);
  tophash_call(SYS_rt_sigprocmask, how, (long)&bits, (long)before, 8, 0, 0);
}

void tophash_signals_note_mask(struct tophash_thread *self) {
  tophash_call(SYS_rt_sigprocmask, SIG_BLOCK, 0, (long)&self->blocked, 8, 0, 0);
}

bool tophash_has_signal(const struct tophash_thread *thread) {
  return (__atomic_load_n(&pending[thread->id], __ATOMIC_ACQUIRE) & ~thread->blocked) != 0;
}

static bool has_handler(int signal) {
  return actions[signal].sa_handler != SIG_DFL && actions[signal].sa_handler != SIG_IGN;
}

/// Those that an instruction causes are none of this model's business.
static bool is_modelled(int signal) {
  bool is_synchronous = signal == SIGSEGV || signal == SIGBUS || signal == SIGFPE ||
                        signal == SIGILL || signal == SIGTRAP || signal == SIGABRT;
  return signal > 0 && signal < SIGNALS && !is_synchronous;
}

static bool is_handled(int signal) { return is_modelled(signal) && has_handler(signal); }

bool tophash_has_handlers(void) {
  for (int signal = 1; signal < SIGNALS; signal++)
    if (has_handler(signal)) return true;
  return false;
}

// MARK: Running handlers

static void call(const struct sigaction *action, int signal, siginfo_t *info, void *context) {
  if (action->sa_flags & SA_SIGINFO)
    action->sa_sigaction(signal, info, context);
  else
    action->sa_handler(signal);
}

/// The handler was there for once. The next one is the kernel's.
static void reset(int signal) {
  actions[signal] = (struct sigaction){.sa_handler = SIG_DFL};
  sigaction_real()(signal, &actions[signal], NULL);
}

static void handle(struct tophash_thread *self, int signal) {
  if (!has_handler(signal)) {
    // It was taken away meanwhile: this one is the kernel's.
    tophash_call(SYS_tgkill, getpid(), self->tid, signal, 0, 0, 0);
    return;
  }
  struct sigaction action = actions[signal];
  if (action.sa_flags & SA_RESETHAND) reset(signal);
  uint64_t before = self->blocked;
  uint64_t during = before | bits_of(&action.sa_mask);
  if (!(action.sa_flags & SA_NODEFER)) during |= BIT(signal);
  mask_now(SIG_SETMASK, during, NULL);
  // A handler may call what this library stands in front of; then the wait that it interrupts is
  // as it was.
  struct tophash_thread saved = *self;
  self->blocked = during;
  self->is_handling = true;
  siginfo_t info = infos[signal];
  ucontext_t context = {0};
  tophash_leave(self);
  call(&action, signal, &info, &context);
  self->inside = true;
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  saved.steps = self->steps;
  *self = saved;
  mask_now(SIG_SETMASK, before, NULL);
  uint32_t kind = action.sa_flags & SA_RESTART ? TOPHASH_RESTARTS : TOPHASH_INTERRUPTED;
  if (kind > self->interrupted) self->interrupted = kind;
  if (info.si_pid != 0 && info.si_pid != getpid()) tophash_run.file->account.external++;
}

void tophash_take_signals(struct tophash_thread *self) {
  if (tophash_likely(!tophash_has_signal(self))) return;
  int error = errno;
  while (tophash_has_signal(self)) {
    uint64_t due = __atomic_load_n(&pending[self->id], __ATOMIC_ACQUIRE) & ~self->blocked;
    int signal = __builtin_ctzll(due) + 1;
    __atomic_fetch_and(&pending[self->id], ~BIT(signal), __ATOMIC_ACQ_REL);
    handle(self, signal);
  }
  errno = error;
}

/// In front of the program's handlers: a signal that the kernel has delivered to this thread.
static void arrived(int signal, siginfo_t *info, void *context) {
  struct tophash_thread *self = tophash_self;
  if (self == NULL || !tophash_is_controlled) {
    // There may be none any more, when another thread has just taken it away.
    if (has_handler(signal)) call(&actions[signal], signal, info, context);
    return;
  }
  infos[signal] = *info;
  // Release: the information is there before the mark is.
  __atomic_fetch_or(&pending[self->id], BIT(signal), __ATOMIC_RELEASE);
  bool has_baton = tophash_run.file->account.holder_tid == self->tid;
  if (self->inside || !has_baton) return;
  self->inside = true;
  tophash_take_signals(self);
  tophash_leave(self);
}

// MARK: Handlers

TOPHASH_EXPORT int sigaction(int signal, const struct sigaction *action, struct sigaction *before) {
  struct tophash_thread *self = is_modelled(signal) ? tophash_enter() : NULL;
  if (self == NULL) return sigaction_real()(signal, action, before);
  struct sigaction known = actions[signal], real, earlier;
  if (action != NULL) {
    real = *action;
    if (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN) {
      real.sa_sigaction = arrived;
      real.sa_flags = (action->sa_flags | SA_SIGINFO) & ~SA_RESETHAND;
    }
  }
  // First: from here on the kernel may deliver it.
  if (action != NULL) actions[signal] = *action;
  int status = sigaction_real()(signal, action != NULL ? &real : NULL, &earlier);
  if (status != 0)
    actions[signal] = known;
  else if (before != NULL)
    *before = earlier.sa_sigaction == arrived ? known : earlier;
  tophash_leave(self);
  return status;
}

TOPHASH_EXPORT sighandler_t signal(int signal, sighandler_t handler) {
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART}, before;
  sigaddset(&action.sa_mask, signal);
  return sigaction(signal, &action, &before) == 0 ? before.sa_handler : SIG_ERR;
}

// MARK: Sending

static bool may_take(const struct tophash_thread *thread, int signal) {
  bool is_alive = thread->state != 0 && thread->state != TOPHASH_THREAD_ENDED;
  return is_alive && (thread->blocked & BIT(signal)) == 0;
}

/// Who runs the handler of a signal that is for the process: as the kernel has it, the main thread
/// if it can. NULL when there is no handler, or all block it.
static struct tophash_thread *taker(int signal) {
  if (!is_handled(signal)) return NULL;
  for (uint32_t i = 0; i < tophash_run.thread_count; i++)
    if (may_take(&tophash_run.threads[i], signal)) return &tophash_run.threads[i];
  return NULL;
}

static void note(struct tophash_thread *thread, int signal, int code) {
  infos[signal] = (siginfo_t){.si_signo = signal, .si_code = code};
  infos[signal].si_pid = getpid();
  infos[signal].si_uid = getuid();
  __atomic_fetch_or(&pending[thread->id], BIT(signal), __ATOMIC_RELEASE);
  // Out of a call that nobody knows, it gets out by a true one.
  if (__atomic_load_n(&thread->state, __ATOMIC_ACQUIRE) == TOPHASH_THREAD_OUTSIDE)
    tophash_call(SYS_tgkill, getpid(), thread->tid, signal, 0, 0, 0);
}

/// Somebody may wait for what the kernel keeps, by itself or by a descriptor.
static void look_again(void) {
  tophash_wake(&arrival, UINT32_MAX, UINT32_MAX);
  tophash_check_descriptors();
}

/// Has the handler run in `thread`: at once if that is `self`. False for what is left to the kernel.
static bool deliver(struct tophash_thread *self, struct tophash_thread *thread, int signal,
                    int code) {
  if (thread == NULL || !is_handled(signal) || !may_take(thread, signal)) return false;
  note(thread, signal, code);
  tophash_take_signals(self);
  return true;
}

/// The holder has let time pass, and a timer has come to its end.
void tophash_signal_process(int signal) {
  struct tophash_thread *thread = taker(signal);
  if (thread != NULL) return note(thread, signal, SI_KERNEL);
  kill_real()(getpid(), signal);
  look_again();
}

TOPHASH_EXPORT int kill(pid_t process, int signal) {
  struct tophash_thread *self = process == getpid() ? tophash_enter() : NULL;
  if (self == NULL) return kill_real()(process, signal);
  tophash_point(self, TOPHASH_POINT_WAKE, NULL, TOPHASH_SITE);
  int status = 0;
  if (!deliver(self, taker(signal), signal, SI_USER)) {
    status = kill_real()(process, signal);
    look_again();
  }
  tophash_leave(self);
  return status;
}

TOPHASH_EXPORT int pthread_kill(pthread_t handle, int signal) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return pthread_kill_real()(handle, signal);
  tophash_point(self, TOPHASH_POINT_WAKE, NULL, TOPHASH_SITE);
  int status = 0;
  if (!deliver(self, tophash_thread_of(handle), signal, SI_TKILL)) {
    status = pthread_kill_real()(handle, signal);
    look_again();
  }
  tophash_leave(self);
  return status;
}

TOPHASH_EXPORT int raise(int signal) {
  struct tophash_thread *self = is_handled(signal) ? tophash_enter() : NULL;
  if (self == NULL) return raise_real()(signal);
  int status = 0;
  if (!deliver(self, self, signal, SI_TKILL)) {
    status = raise_real()(signal);
    look_again();
  }
  tophash_leave(self);
  return status;
}

// MARK: Blocking

static int change_mask(int (*original)(int, const sigset_t *, sigset_t *), int how,
                       const sigset_t *set, sigset_t *before) {
  struct tophash_thread *self = tophash_enter();
  int status = original(how, set, before);
  if (self == NULL) return status;
  mask_now(SIG_UNBLOCK, BIT(TOPHASH_WATCHDOG_SIGNAL), NULL);
  tophash_signals_note_mask(self);
  // What was blocked until now has come to `arrived`.
  tophash_take_signals(self);
  tophash_leave(self);
  return status;
}

TOPHASH_EXPORT int pthread_sigmask(int how, const sigset_t *set, sigset_t *before) {
  return change_mask(pthread_sigmask_real(), how, set, before);
}

TOPHASH_EXPORT int sigprocmask(int how, const sigset_t *set, sigset_t *before) {
  return change_mask(sigprocmask_real(), how, set, before);
}

// MARK: Waiting

uint64_t tophash_signals_replace_mask(struct tophash_thread *self, const sigset_t *mask) {
  uint64_t before = self->blocked;
  self->interrupted = TOPHASH_GOES_ON;
  if (mask == NULL) return before;
  self->blocked = bits_of(mask);
  mask_now(SIG_SETMASK, self->blocked, NULL);
  // What was blocked until now has come to `arrived`.
  tophash_take_signals(self);
  return before;
}

void tophash_signals_restore_mask(struct tophash_thread *self, uint64_t before) {
  if (self->blocked == before) return;
  self->blocked = before;
  mask_now(SIG_SETMASK, before, NULL);
}

/// Whether the kernel keeps one of those that `thread` waits for.
bool tophash_signal_is_kept(const struct tophash_thread *thread) {
  uint64_t kept = 0;
  tophash_call(SYS_rt_sigpending, (long)&kept, 8, 0, 0, 0, 0);
  return (kept & thread->awaited_signals) != 0;
}

/// The signal, or a negative error.
static int await(struct tophash_thread *self, const sigset_t *set, siginfo_t *info, bool may_wait,
                 uint64_t deadline, struct tophash_site site) {
  tophash_point(self, TOPHASH_POINT_SUSPEND, NULL, site);
  bool is_late = !may_wait;
  for (;;) {
    struct timespec now = {0};
    long signal = tophash_call(SYS_rt_sigtimedwait, (long)set, (long)info, (long)&now, 8, 0, 0);
    if (signal > 0) return (int)signal;
    if (is_late) return -EAGAIN;
    self->awaited_signals = bits_of(set);
    self->asks = TOPHASH_ASKS_SIGNAL;
    is_late = tophash_wait(self, TOPHASH_POINT_SUSPEND, &arrival, deadline, site);
    self->asks = TOPHASH_ASKS_NOTHING;
    if (self->interrupted != TOPHASH_GOES_ON) return -EINTR;
  }
}

static int answer(int result) {
  if (result >= 0) return result;
  errno = -result;
  return -1;
}

TOPHASH_EXPORT int sigwait(const sigset_t *set, int *signal) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return sigwait_real()(set, signal);
  struct tophash_site site = TOPHASH_SITE;
  int result;
  while ((result = await(self, set, NULL, true, 0, site)) == -EINTR) {
  }
  tophash_leave(self);
  if (result < 0) return -result;
  *signal = result;
  return 0;
}

TOPHASH_EXPORT int sigwaitinfo(const sigset_t *set, siginfo_t *info) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return sigwaitinfo_real()(set, info);
  int result = await(self, set, info, true, 0, TOPHASH_SITE);
  tophash_leave(self);
  return answer(result);
}

TOPHASH_EXPORT int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *limit) {
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return sigtimedwait_real()(set, info, limit);
  bool may_wait = limit == NULL || limit->tv_sec != 0 || limit->tv_nsec != 0;
  uint64_t deadline = limit != NULL ? tophash_deadline_in(limit) : 0;
  int result = await(self, set, info, may_wait, deadline, TOPHASH_SITE);
  tophash_leave(self);
  return answer(result);
}

/// Waits until a handler has run. The main thread of a program that lives on its main queue waits
/// so for ever, by a call of the runtime: of that nobody expects anything.
static int suspend(struct tophash_thread *self, const sigset_t *mask, struct tophash_site site) {
  uint64_t before = tophash_signals_replace_mask(self, mask);
  if (site.is_own) self->asks = TOPHASH_ASKS_HANDLER;
  while (self->interrupted == TOPHASH_GOES_ON)
    tophash_wait(self, TOPHASH_POINT_SUSPEND, NULL, 0, site);
  self->asks = TOPHASH_ASKS_NOTHING;
  tophash_signals_restore_mask(self, before);
  tophash_leave(self);
  return answer(-EINTR);
}

TOPHASH_EXPORT int sigsuspend(const sigset_t *mask) {
  struct tophash_thread *self = tophash_enter();
  return self == NULL ? sigsuspend_real()(mask) : suspend(self, mask, TOPHASH_SITE);
}

TOPHASH_EXPORT int pause(void) {
  struct tophash_thread *self = tophash_enter();
  return self == NULL ? pause_real()() : suspend(self, NULL, TOPHASH_SITE);
}
