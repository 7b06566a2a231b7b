// Points at calls of Swift concurrency's runtime: changing executor, starting and cancelling
// tasks, resuming continuations, giving to streams and waiting for them.
//
// These have calling conventions that C does not know, and asynchronous ones are not called but
// jumped to. So each is a few instructions that keep every register an argument may be in, pass
// the point, and jump on to the original.

#include "tophash_explore.h"

/// A function of the runtime: its point, and where it is.
struct entry {
  const char *name;
  enum tophash_point point;
  void *original;
};

/// Passes the point; answers where to jump.
__attribute__((used)) static void *before_entry(struct entry *entry, uint64_t caller,
                                                void **frame) {
  if (entry->original == NULL) entry->original = tophash_original(entry->name);
  struct tophash_thread *self = tophash_enter();
  if (self == NULL) return entry->original;
  struct tophash_site site = {
      .frame = frame, .is_own = tophash_is_program((void *)caller), .pc = caller};
  // The address on the stack tells the place by itself.
  if ((uint64_t)frame[1] == caller) site.pc = 0;
  tophash_point(self, entry->point, NULL, site);
  tophash_leave(self);
  return entry->original;
}

#if defined(__x86_64__)

// Who calls: the return address of a function; where the caller goes on, for those that hand
// that over in the first argument, or in the second word of the context in r14.
#define CALLER_RETURNS "mov 8(%rbp), %rsi"
#define CALLER_IN_ARGUMENT "mov %rdi, %rsi"
#define CALLER_IN_CONTEXT "mov 8(%r14), %rsi"

#define ENTRY(identifier, symbol, kind, caller)                                             \
  __attribute__((used)) static struct entry identifier = {.name = symbol, .point = kind};   \
  __asm__(".text\n"                                                                         \
          ".globl \"" symbol "\"\n"                                                         \
          ".type \"" symbol "\", @function\n"                                               \
          "\"" symbol "\":\n"                                                               \
          "  push %rbp\n"                                                                   \
          "  mov %rsp, %rbp\n"                                                              \
          "  push %rax\n"                                                                   \
          "  push %rdi\n"                                                                   \
          "  push %rsi\n"                                                                   \
          "  push %rdx\n"                                                                   \
          "  push %rcx\n"                                                                   \
          "  push %r8\n"                                                                    \
          "  push %r9\n"                                                                    \
          "  push %r10\n"                                                                   \
          "  sub $128, %rsp\n"                                                              \
          "  movups %xmm0, (%rsp)\n"                                                        \
          "  movups %xmm1, 16(%rsp)\n"                                                      \
          "  movups %xmm2, 32(%rsp)\n"                                                      \
          "  movups %xmm3, 48(%rsp)\n"                                                      \
          "  movups %xmm4, 64(%rsp)\n"                                                      \
          "  movups %xmm5, 80(%rsp)\n"                                                      \
          "  movups %xmm6, 96(%rsp)\n"                                                      \
          "  movups %xmm7, 112(%rsp)\n"                                                     \
          "  " caller "\n"                                                                  \
          "  lea " #identifier "(%rip), %rdi\n"                                             \
          "  mov %rbp, %rdx\n"                                                              \
          "  call before_entry\n"                                                           \
          "  mov %rax, %r11\n"                                                              \
          "  movups (%rsp), %xmm0\n"                                                        \
          "  movups 16(%rsp), %xmm1\n"                                                      \
          "  movups 32(%rsp), %xmm2\n"                                                      \
          "  movups 48(%rsp), %xmm3\n"                                                      \
          "  movups 64(%rsp), %xmm4\n"                                                      \
          "  movups 80(%rsp), %xmm5\n"                                                      \
          "  movups 96(%rsp), %xmm6\n"                                                      \
          "  movups 112(%rsp), %xmm7\n"                                                     \
          "  add $128, %rsp\n"                                                              \
          "  pop %r10\n"                                                                    \
          "  pop %r9\n"                                                                     \
          "  pop %r8\n"                                                                     \
          "  pop %rcx\n"                                                                    \
          "  pop %rdx\n"                                                                    \
          "  pop %rsi\n"                                                                    \
          "  pop %rdi\n"                                                                    \
          "  pop %rax\n"                                                                    \
          "  pop %rbp\n"                                                                    \
          "  jmp *%r11\n"                                                                   \
          ".size \"" symbol "\", . - \"" symbol "\"\n");

ENTRY(task_switch, "swift_task_switch", TOPHASH_POINT_SWITCH, CALLER_IN_ARGUMENT)
ENTRY(task_create, "swift_task_create", TOPHASH_POINT_TASK, CALLER_RETURNS)
ENTRY(async_let, "swift_asyncLet_begin", TOPHASH_POINT_TASK, CALLER_RETURNS)
// Task.cancel()
ENTRY(cancel, "$sScT6cancelyyF", TOPHASH_POINT_CANCEL, CALLER_RETURNS)
// CheckedContinuation.resume(returning:) and resume(throwing:)
ENTRY(checked_returning, "$sScC6resume9returningyxn_tF", TOPHASH_POINT_RESUME, CALLER_RETURNS)
ENTRY(checked_throwing, "$sScC6resume8throwingyq_n_tF", TOPHASH_POINT_RESUME, CALLER_RETURNS)
// UnsafeContinuation's are compiled into the program, down to these.
ENTRY(unsafe_returning, "swift_continuation_resume", TOPHASH_POINT_RESUME, CALLER_RETURNS)
ENTRY(unsafe_throwing, "swift_continuation_throwingResume", TOPHASH_POINT_RESUME, CALLER_RETURNS)
ENTRY(unsafe_error, "swift_continuation_throwingResumeWithError", TOPHASH_POINT_RESUME,
      CALLER_RETURNS)
// AsyncStream.Continuation.yield(_:) and finish(), AsyncStream.Iterator.next(isolation:)
ENTRY(stream_yield, "$sScS12ContinuationV5yieldyAB11YieldResultOyx__GxnF", TOPHASH_POINT_GIVE,
      CALLER_RETURNS)
ENTRY(stream_finish, "$sScS12ContinuationV6finishyyF", TOPHASH_POINT_GIVE, CALLER_RETURNS)
ENTRY(stream_next, "$sScS8IteratorV4next9isolationxSgScA_pSgYi_tYaF", TOPHASH_POINT_AWAIT,
      CALLER_IN_CONTEXT)
// Task.value, of tasks that do not throw
ENTRY(task_value, "$sScTss5NeverORs_rlE5valuexvg", TOPHASH_POINT_AWAIT, CALLER_IN_CONTEXT)

#endif
