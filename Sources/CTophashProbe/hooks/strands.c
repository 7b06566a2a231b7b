// Which strand runs on this thread, and its accesses.
//
// A pool's thread has no strand between two pieces of work: nothing orders one
// piece after the other but that the same thread happened to run both. Any other
// thread orders all that runs on it.

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "strands.h"
#include "tophash_facts.h"

__thread struct tophash_strands tophash_strands __attribute__((tls_model("initial-exec")));

static struct tophash_run run_of_self(const char *label, uint32_t scope) {
  struct tophash_run run = {.tid = tophash_thread_id(tophash_self.owner),
                            .owner = tophash_self.owner,
                            .scope = scope};
  if (label != NULL) strncpy(run.label, label, sizeof run.label - 1);
  return run;
}

// MARK: Threads

static void begin_thread(void) {
  struct tophash_strands *self = &tophash_strands;
  if (tophash_self.counters == NULL) tophash_thread_attach();
  self->has_begun = true;
  struct tophash_run run = run_of_self(NULL, self->thread.scope);
  tophash_strand_begin(tophash_process.clocks, &self->thread, &run);
  self->current = &self->thread;
}

struct tophash_strand *tophash_strand_running(void) {
  struct tophash_strands *self = &tophash_strands;
  if (self->current != NULL || self->is_pool || self->has_begun) return self->current;
  // A thread that started unseen: whatever happened may have happened before.
  tophash_clocks_acquire_all(tophash_process.clocks, &self->thread);
  begin_thread();
  return self->current;
}

struct tophash_strand *tophash_strand_current(void) {
  struct tophash_strands *self = &tophash_strands;
  struct tophash_strand *strand = tophash_strand_running();
  if (tophash_unlikely(self->is_awaiting)) {
    self->is_awaiting = false;
    // Here, and not when it is resumed after it had left: it was resumed before.
    if (strand == &self->task)
      tophash_clocks_acquire(tophash_process.clocks, strand,
                             self->task_state - tophash_task_state_offset());
  }
  return strand;
}

void tophash_strand_thread_begin(uint64_t creation, uint32_t scope) {
  struct tophash_strands *self = &tophash_strands;
  if (self->has_begun) return;
  self->thread.scope = scope;
  tophash_clocks_acquire(tophash_process.clocks, &self->thread, creation);
  begin_thread();
}

void tophash_strand_thread_exit(void) {
  struct tophash_strands *self = &tophash_strands;
  if (self->has_begun && !self->has_ended) {
    // Also a thread that was not seen to start, such as the main one, can be joined.
    tophash_clocks_release(tophash_process.clocks, &self->thread,
                           (uint64_t)pthread_self() | TOPHASH_KEY_THREAD);
    tophash_strand_end(tophash_process.clocks, &self->thread);
  }
  self->has_ended = self->has_begun = true;
  self->current = NULL;
}

void tophash_strand_forked(void) {
  struct tophash_clocks *clocks = tophash_process.clocks;
  if (madvise(clocks, sizeof *clocks, MADV_DONTNEED) != 0) memset(clocks, 0, sizeof *clocks);
  struct tophash_strands *self = &tophash_strands;
  struct tophash_strand *strand = self->current;
  memset(self->recent, 0, sizeof self->recent);  // the stacks are forgotten, too
  memset(&self->tail, 0, sizeof self->tail);
  for (; strand != NULL; strand = strand->outer) {
    memset(&strand->clock, 0, sizeof strand->clock);
    strand->slot = 0;
    struct tophash_run run = {.owner = tophash_self.owner};
    tophash_strand_begin(clocks, strand, &run);
  }
}

// MARK: Pieces of work

void tophash_strand_enter(struct tophash_strand *strand, const char *label) {
  struct tophash_strands *self = &tophash_strands;
  if (tophash_self.counters == NULL) tophash_thread_attach();
  struct tophash_run run = run_of_self(label, strand->scope);
  tophash_strand_begin(tophash_process.clocks, strand, &run);
  strand->outer = self->current;
  self->current = strand;
}

void tophash_strand_leave(struct tophash_strand *strand) {
  struct tophash_strands *self = &tophash_strands;
  tophash_strand_end(tophash_process.clocks, strand);
  self->tail = strand->clock;
  self->current = strand->outer;
}

// MARK: Tasks

/// The actor, or other serial executor, that the current task runs on; 0: none.
static uint64_t current_executor(void) {
  if (tophash_runtime.current_executor == NULL) return 0;
  return (uint64_t)tophash_runtime.current_executor().identity;
}

void tophash_strand_enter_task(uint64_t state) {
  struct tophash_strands *self = &tophash_strands;
  struct tophash_clocks *clocks = tophash_process.clocks;
  // A task within a task, run by hand: the inner one continues the outer one.
  if (self->task_state != 0 && self->jobs > self->task_job) return;
  // In the same job: the one before has come to its end.
  if (self->task_state != 0) tophash_strand_leave_task(self->task_state);
  struct tophash_strand *outer = tophash_strand_current();
  struct tophash_strand *strand = &self->task;
  tophash_strand_clear(clocks, strand);
  // What it knew when it was left; who made it ready; who ran on its actor last.
  tophash_clocks_acquire(clocks, strand, state);
  uint64_t offset = tophash_task_state_offset(), executor = current_executor();
  if (offset != 0) tophash_clocks_acquire(clocks, strand, state - offset);
  // The runtime announces when a task locks an actor or gives it up, but not when
  // an actor's thread goes on with the next task.
  if (executor != 0) tophash_clocks_acquire(clocks, strand, executor);
  // It may be a queue, which runs other things than tasks, too.
  if (executor != 0) tophash_clocks_acquire(clocks, strand, executor | TOPHASH_KEY_BARRIERS);
  if (outer != NULL) tophash_clock_join(clocks, &strand->clock, &outer->clock);
  // It had left to wait, and then there was nothing to wait for.
  if (self->left_state == state) tophash_clock_join(clocks, &strand->clock, &self->tail);
  self->left_state = 0;
  // Its place in the task is not known yet: nor is who made it ready.
  if (offset == 0) tophash_clocks_acquire_all(clocks, strand);
  struct tophash_run run = run_of_self(NULL, tophash_scope_current());
  run.task_id = tophash_task_current_id(state);
  tophash_strand_begin(clocks, strand, &run);
  strand->outer = outer;
  self->task_state = state;
  self->task_job = self->jobs;
  self->current = strand;
}

void tophash_strand_leave_task(uint64_t state) {
  struct tophash_strands *self = &tophash_strands;
  struct tophash_clocks *clocks = tophash_process.clocks;
  self->is_awaiting = false;
  if (self->task_state != state) return;
  struct tophash_strand *strand = &self->task;
  tophash_clocks_release(clocks, strand, state);
  uint64_t executor = current_executor();
  if (executor != 0) tophash_clocks_release(clocks, strand, executor);
  if (executor != 0) tophash_clocks_release(clocks, strand, executor | TOPHASH_KEY_BARRIERS);
  tophash_strand_end(clocks, strand);
  self->tail = strand->clock;
  self->left_state = state;
  self->task_state = 0;
  self->current = strand->outer;
  if (self->current != NULL)
    tophash_clock_join(clocks, &self->current->clock, &strand->clock);
}

void tophash_strand_enter_scope(uint32_t scope) {
  struct tophash_strand *strand = tophash_strand_current();
  if (strand == NULL) return;
  strand->scope = scope;
  if (strand->slot == 0) return;
  // What comes from now on was done by the same one, elsewhere.
  tophash_event now = (uint64_t)strand->clock.times[strand->slot] << 32 | strand->slot;
  struct tophash_run run;
  if (!tophash_clocks_run_of(tophash_process.clocks, now, &run)) return;
  run.scope = scope;
  tophash_strand_end(tophash_process.clocks, strand);
  tophash_strand_begin(tophash_process.clocks, strand, &run);
}

// MARK: Accesses

/// Keeps a stack. A loop has the same one again and again: it is compared with the last
/// one of its site, which is cheaper than to look it up.
static uint32_t keep(const uint64_t *frames, uint32_t count) {
  struct tophash_recent_stack *recent =
      &tophash_strands.recent[frames[0] * 0x9E3779B97F4A7C15ull >> 32 & (TOPHASH_RECENT_STACKS - 1)];
  uint32_t same = 0;
  if (recent->stack != 0 && recent->count == count)
    while (same < count && recent->frames[same] == frames[same]) same++;
  if (same == count) return recent->stack;
  recent->stack = tophash_clocks_keep_stack(tophash_process.clocks, frames, count);
  recent->count = count;
  memcpy(recent->frames, frames, count * sizeof *frames);
  return recent->stack;
}

void tophash_strand_access(uint64_t address, bool modifies, uint64_t pc, uint64_t frame) {
  struct tophash_clocks *clocks = tophash_process.clocks;
  struct tophash_strand *strand = tophash_strand_current();
  // Nothing is known of code that runs on a pool's thread and was not submitted
  // in a way that is hooked; an object's end is ordered by its last release.
  if (strand == NULL || strand->slot == 0 || tophash_strands.deinits != 0) return;
  if (tophash_self.reporting) return;
  if (tophash_clocks_is_repeated(clocks, strand, address, modifies)) return;
  uint64_t frames[TOPHASH_STACK_FRAMES], context;
  uint32_t count = tophash_stack_collect(pc, frame, frames, TOPHASH_STACK_FRAMES, &context);
  uint32_t stack = keep(frames, count);
  struct tophash_unordered found;
  if (tophash_unlikely(
          tophash_clocks_access(clocks, strand, address, modifies, stack, &found)))
    tophash_conflict_unordered(address, modifies, stack, context, &found);
}
