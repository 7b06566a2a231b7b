// A body that traps takes its process along. What is left to say is how to get there again.

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "tophash_task_order.h"

static const int signals[] = {SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV};
#define SIGNALS (sizeof signals / sizeof *signals)

static struct sigaction earlier[SIGNALS];
static _Thread_local const struct tophash_account *telling;

// MARK: Text, without anything that a signal handler must not call

struct text {
  size_t size;
  char bytes[2048];
};

static void add(struct text *text, const char *more) {
  size_t size = strlen(more);
  if (text->size + size > sizeof text->bytes) return;
  memcpy(text->bytes + text->size, more, size);
  text->size += size;
}

static void add_number(struct text *text, uint32_t number) {
  char digits[11];
  size_t at = sizeof digits - 1;
  digits[at] = 0;
  do digits[--at] = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  add(text, digits + at);
}

static void tell(const struct tophash_account *account) {
  struct text text = {.size = 0};
  add(&text, "\nTophashTesting: this crash is a schedule's; to come here again: @Test(.replay(\"tasks1");
  for (uint32_t i = 0; i < account->choice_count && i < 100; i++) {
    add(&text, " ");
    add_number(&text, account->choices[i].thread);
    add(&text, ".");
    add_number(&text, account->choices[i].step);
    add(&text, ">");
    add_number(&text, account->choices[i].next);
  }
  add(&text, account->choice_count <= 100 ? "\"))\n" : " and more\"))\n");
  (void)!write(STDERR_FILENO, text.bytes, text.size);
}

// MARK: The handler

static void crashed(int signal, siginfo_t *info, void *context) {
  const struct tophash_account *account = telling;
  telling = NULL;
  if (account != NULL) tell(account);
  for (size_t i = 0; i < SIGNALS; i++) {
    if (signals[i] != signal) continue;
    if ((earlier[i].sa_flags & SA_SIGINFO) != 0) {
      earlier[i].sa_sigaction(signal, info, context);
      return;
    }
    if (earlier[i].sa_handler != SIG_DFL && earlier[i].sa_handler != SIG_IGN) {
      earlier[i].sa_handler(signal);
      return;
    }
    // The default action: it comes when this returns, or at once for a signal that was sent.
    sigaction(signal, &earlier[i], NULL);
    if (info->si_code <= 0 || signal == SIGTRAP) raise(signal);
  }
}

static void install(void) {
  for (size_t i = 0; i < SIGNALS; i++) {
    sigaction(signals[i], NULL, &earlier[i]);
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK};
    action.sa_sigaction = crashed;
    sigaction(signals[i], &action, NULL);
  }
}

void tophash_crash_tells(const struct tophash_account *account) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  if (account != NULL) pthread_once(&once, install);
  telling = account;
}
