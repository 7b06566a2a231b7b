// Waits, as the hooks share them. Only when they are asked for.

#ifndef TOPHASH_PROBE_WAITS_H
#define TOPHASH_PROBE_WAITS_H

#include "strands.h"
#include "tophash_probe.h"

#pragma GCC visibility push(hidden)

/// A wait that is going on.
struct tophash_turn {
  uint32_t kind;  // enum tophash_wait_kind
  uint32_t place;
  uint32_t slot;
  uint64_t since_ns;
};

/// Whether a call from `caller` is looked at: what the runtime and Dispatch wait for
/// among themselves is no business of the program's.
static inline bool tophash_waits_see(const void *caller) {
  return tophash_unlikely(tophash_process.waits != NULL) && !tophash_is_runtime(caller);
}

/// Begins a wait for `object`. `frame` is that of the hook that was called from `caller`.
struct tophash_turn tophash_turn_begin(uint32_t kind, const volatile void *object,
                                       const void *caller, const uint64_t *frame);
/// Ends it. One that never had to wait is nothing to speak of.
void tophash_turn_end(const struct tophash_turn *turn);

/// Notes whether a semaphore begins at 0.
void tophash_wait_note_signal(const volatile void *semaphore, bool begins_at_zero);
/// What a wait for a semaphore is.
uint32_t tophash_wait_kind_of(const volatile void *semaphore);

/// A task starts or resumes on this thread.
void tophash_wait_task_enters(uint64_t state);

/// Hooks what is not hooked by name. Only while the process has one thread, if
/// `may_patch`.
void tophash_waits_hook(bool may_patch);

#pragma GCC visibility pop

/// The calling function's frame: its caller's frame pointer, the return address, and
/// above them its caller's stack.
#define TOPHASH_FRAME() ((const uint64_t *)__builtin_frame_address(0))

#endif
