// Stacks, walked without trusting them.
//
// Swift keeps frame pointers, so a stack is a linked list: at each frame the
// caller's frame pointer, and above it the return address. The other side of a
// conflict is walked from outside: while its access is open the functions above
// it cannot return, so the list stays as it is.
//
// An async function keeps its context just below its saved frame pointer. On
// Linux nothing marks such a frame, but only the runtime's job runner calls one:
// it is the frame that returns there. A context starts with its caller's context
// and the function that resumes the caller. Whether these are functions indeed is
// left to the tool, which knows the code.

#include "tophash_facts.h"
#include "tophash_probe.h"

// Where the runtime does mark async frames, by this bit of the frame pointer that
// they save.
#define ASYNC_MARK (1ull << 60)

extern void *__libc_stack_end;

#define DIGEST_WORDS 64

uint32_t tophash_stack_walk(uint64_t pc, uint64_t frame, uint64_t *frames, uint32_t capacity,
                            uint64_t *async_context) {
  uint32_t count = 0;
  *async_context = 0;
  while (count < capacity && frame != 0 && frame % sizeof(uint64_t) == 0) {
    uint64_t link[2];
    if (tophash_memory_read(frame, link, sizeof link) != sizeof link) break;
    uint64_t next = link[0] & ~ASYNC_MARK;
    if (link[1] < 4096) break;
    if (*async_context == 0 && tophash_runtime_runs_tasks(link[1]) &&
        !tophash_runtime_runs_tasks(pc))
      tophash_memory_read(frame - sizeof(uint64_t), async_context, sizeof *async_context);
    pc = frames[count++] = link[1];
    if (next <= frame) break;  // callers lie above
    frame = next;
  }
  return count;
}

/// The end of this thread's stack, outside of which nothing is read without asking:
/// thread-local storage lies above the stack of a thread, and the main thread's ends
/// where it began.
static uint64_t end_of_stack(uint64_t here) {
  uint64_t self = (uint64_t)&tophash_self;
  return self > here && self - here < (64 << 20) ? self : (uint64_t)__libc_stack_end;
}

uint64_t tophash_stack_digest(uint64_t stack_pointer) {
  uint64_t end = end_of_stack((uint64_t)__builtin_frame_address(0)), digest = 0;
  const uint64_t *word = (const uint64_t *)stack_pointer;
  for (int i = 0; i < DIGEST_WORDS && (uint64_t)(word + i) < end; i++)
    if (tophash_is_program(word[i])) digest = (digest ^ word[i]) * 0x9E3779B97F4A7C15ull;
  return digest;
}

uint32_t tophash_stack_collect(uint64_t pc, uint64_t frame, uint64_t *frames, uint32_t capacity,
                               uint64_t *async_context) {
  uint64_t here = (uint64_t)__builtin_frame_address(0), end = end_of_stack(here);
  uint32_t count = 0;
  frames[count++] = pc;
  *async_context = 0;
  while (count < capacity && frame > here && frame < end - 16 && frame % 8 == 0) {
    const uint64_t *link = (const uint64_t *)frame;
    if (link[1] < 4096) break;
    if (tophash_runtime_runs_tasks(link[1])) {
      if (!tophash_runtime_runs_tasks(frames[count - 1])) *async_context = link[-1];
      break;
    }
    frames[count++] = link[1];
    if (link[0] <= frame) break;
    frame = link[0];
  }
  return count;
}

uint64_t tophash_stack_site(uint64_t pc, tophash_stack stack) {
  uint64_t frames[8], context;
  if (!tophash_runtime_is_core(pc)) return pc;
  uint32_t count = tophash_stack_walk(pc, tophash_frame_pointer(stack), frames,
                                      sizeof frames / sizeof *frames, &context);
  for (uint32_t i = 0; i < count; i++)
    if (!tophash_runtime_is_core(frames[i])) return frames[i];
  return pc;
}

uint32_t tophash_stack_walk_async(uint64_t context, uint64_t *frames, uint32_t capacity) {
  uint32_t count = 0;
  while (count < capacity && context != 0 && context % sizeof(uint64_t) == 0) {
    uint64_t head[2];
    if (tophash_memory_read(context, head, sizeof head) != sizeof head) break;
    if (head[1] < 4096) break;
    frames[count++] = head[1];
    if (head[0] == context) break;
    context = head[0];
  }
  return count;
}
