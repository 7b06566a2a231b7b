// The signal that a hit sends, to the thread that made it, after its instruction.

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <ucontext.h>

#include "tophash_watchpoint.h"
#include "watch.h"

// Whoever handled the signal before: it is theirs when it is no hit.
static struct sigaction earlier;

static void hand_on(int signal, siginfo_t *info, void *context) {
  if (earlier.sa_flags & SA_SIGINFO) {
    if (earlier.sa_sigaction != NULL) return earlier.sa_sigaction(signal, info, context);
  } else if (earlier.sa_handler == SIG_IGN) {
    return;
  } else if (earlier.sa_handler != SIG_DFL) {
    return earlier.sa_handler(signal);
  }
  // A breakpoint that nobody expects ends the program, as it would have.
  sigaction(SIGTRAP, &earlier, NULL);
  raise(SIGTRAP);
}

#if defined(__x86_64__)
static struct tophash_watch_place place_of(const ucontext_t *context) {
  const greg_t *registers = context->uc_mcontext.gregs;
  return (struct tophash_watch_place){.pc = (uint64_t)registers[REG_RIP],
                                      .frame_pointer = (uint64_t)registers[REG_RBP],
                                      .stack_pointer = (uint64_t)registers[REG_RSP]};
}
#else
static struct tophash_watch_place place_of(const ucontext_t *context) {
  return (struct tophash_watch_place){.pc = context->uc_mcontext.pc,
                                      .frame_pointer = context->uc_mcontext.regs[29],
                                      .stack_pointer = context->uc_mcontext.sp};
}
#endif

static void trapped(int signal, siginfo_t *info, void *context) {
  struct tophash_watchpoint_hit hit;
  if (!tophash_watchpoint_is_hit(info, &hit)) return hand_on(signal, info, context);
  struct tophash_interrupted before = tophash_cold_begin();
  int index = tophash_watch_slot_of(hit.data);
  if (hit.is_late || index < 0) {
    __atomic_fetch_add(&tophash_watch.header->late, 1, __ATOMIC_RELAXED);
  } else {
    struct tophash_watch_slot *slot = &tophash_watch.header->slot[index];
    uint64_t value = tophash_watch_value(slot->address, slot->length);
    uint64_t old = __atomic_exchange_n(&slot->latest, value, __ATOMIC_RELAXED);
    struct tophash_watch_place place = place_of(context);
    static uint32_t known[TOPHASH_WATCH_SLOTS];
    bool is_first =
        __atomic_exchange_n(&known[index], slot->generation, __ATOMIC_RELAXED) != slot->generation;
    tophash_watch_record(index, &place, old, value,
                         is_first && slot->object != 0 && !slot->is_entry ? TOPHASH_HIT_FIRST : 0);
    if (tophash_watch.hold_ns != 0) tophash_watch_hold(index, &place, value != old);
  }
  tophash_cold_end(before);
}

void tophash_watch_catch_hits(void) {
  struct sigaction action = {.sa_sigaction = trapped,
                             .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
  sigemptyset(&action.sa_mask);
  sigaction(SIGTRAP, &action, &earlier);
}
