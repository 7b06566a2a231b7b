// Where a child crashed: the stack, before the system's own way of dealing with it.

#include "tophash_explore.h"

#include <signal.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

static const int signals[] = {SIGILL, SIGSEGV, SIGBUS, SIGFPE, SIGABRT};

/// Also for a bad access that is none of this library's own traps.
void tophash_crashed(int signal, siginfo_t *info, void *context) {
  struct tophash_account *account = &tophash_run.file->account;
  const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  if (account->crash_signal == 0) {
    account->crash_signal = (uint32_t)signal;
    account->crash_thread = tophash_self != NULL ? tophash_self->id : TOPHASH_NO_THREAD;
    account->crash_frames[0] = (uint64_t)registers[REG_RIP];
    account->crash_frame_count =
        1 + tophash_walk((void **)registers[REG_RBP], account->crash_frames + 1,
                         TOPHASH_FRAMES - 1);
    tophash_describe_threads();
  }
  // The default action follows when this returns, or at once for a signal that was raised.
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigaction(signal, &action, NULL);
  // A breakpoint instruction is over, and would not come again.
  if (info->si_code <= 0 || signal == SIGTRAP) raise(signal);
}

void tophash_crash_begin(void) {
  static char stack[65536];
  stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
  sigaltstack(&own, NULL);
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    struct sigaction action = {.sa_sigaction = tophash_crashed, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    struct sigaction earlier;
    sigaction(signals[i], &action, &earlier);
    // Locked instructions are traps of that kind; what is none of them is handed on to here.
    bool is_trap = signals[i] == SIGSEGV && (earlier.sa_flags & SA_SIGINFO) != 0;
    if (is_trap) sigaction(signals[i], &earlier, NULL);
  }
}
