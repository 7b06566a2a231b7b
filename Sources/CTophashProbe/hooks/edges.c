// Edges that the Swift runtime knows of, and the ends of its objects.
//
// The runtime can announce to ThreadSanitizer what synchronises with what: jobs,
// actors, tasks that await each other, its own locks. It does so whenever
// somebody fills in the functions to call. What it does not announce is hooked:
//
//   swift_once             the value of a global is read without a call ever after
//   _swift_release_dealloc the end of an object comes after all uses of it
//   swift_slowAlloc/-Dealloc, swift_initStackObject   memory changes its meaning
//   swift_isUniquelyReferenced...  who has the only reference has it after all others

#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <malloc.h>
#include <string.h>

#include "strands.h"

// MARK: Images

static struct tophash_code images[8];
static int image_count;

static const char *const runtime_names[] = {
    "libswiftCore.so", "libswift_Concurrency.so", "libdispatch.so", "libswiftSynchronization.so"};

// Of the program.
static uint64_t program_low, program_size;

static void extent(const struct dl_phdr_info *info, uint64_t *low, uint64_t *high) {
  *low = UINT64_MAX;
  *high = 0;
  for (int p = 0; p < info->dlpi_phnum; p++) {
    if (info->dlpi_phdr[p].p_type != PT_LOAD) continue;
    uint64_t start = info->dlpi_addr + info->dlpi_phdr[p].p_vaddr;
    if (start < *low) *low = start;
    if (start + info->dlpi_phdr[p].p_memsz > *high) *high = start + info->dlpi_phdr[p].p_memsz;
  }
}

static int note_image(struct dl_phdr_info *info, size_t size, void *unused) {
  (void)size, (void)unused;
  uint64_t low, high;
  extent(info, &low, &high);
  if (info->dlpi_name[0] == 0 && program_size == 0) {
    program_low = low;
    program_size = high - low;
  }
  const char *name = strrchr(info->dlpi_name, '/');
  name = name == NULL ? info->dlpi_name : name + 1;
  for (size_t i = 0; i < sizeof runtime_names / sizeof *runtime_names; i++) {
    if (strcmp(name, runtime_names[i]) != 0) continue;
    if (image_count < 8) images[image_count++] = (struct tophash_code){low, high};
  }
  return 0;
}

void tophash_note_images(void) {
  if (program_size == 0) dl_iterate_phdr(note_image, NULL);
}

bool tophash_is_program(uint64_t address) { return address - program_low < program_size; }

// Callers that lie in none of them, by hash. A program locks at few places, very often.
#define OUTSIDERS 64
static uint64_t outsiders[OUTSIDERS];

static uint64_t *outsider(const void *caller) {
  return &outsiders[((uint64_t)caller >> 2) % OUTSIDERS];
}

static bool is_outside(const void *caller) {
  return __atomic_load_n(outsider(caller), __ATOMIC_RELAXED) == (uint64_t)caller;
}

bool tophash_is_runtime(const void *caller) {
  if (is_outside(caller)) return false;
  for (int i = 0; i < image_count; i++)
    if ((uint64_t)caller >= images[i].low && (uint64_t)caller < images[i].high) return true;
  if (image_count > 0) __atomic_store_n(outsider(caller), (uint64_t)caller, __ATOMIC_RELAXED);
  return false;
}

// MARK: Announcements

void tophash_edge_announced_release(void *object) {
  if (tophash_is_runtime(object)) return;  // a lock of the runtime's own
  struct tophash_strand *strand = tophash_strand_running();
  if (strand != NULL)
    tophash_clocks_release(tophash_process.clocks, strand, (uint64_t)object);
  else
    tophash_clocks_release_clock(tophash_process.clocks, &tophash_strands.tail, (uint64_t)object);
}

void tophash_edge_announced_acquire(void *object) {
  if (tophash_is_runtime(object)) return;
  struct tophash_strand *strand = tophash_strand_running();
  struct tophash_clock *clock = strand != NULL ? &strand->clock : &tophash_strands.tail;
  tophash_clocks_acquire_clock(tophash_process.clocks, clock, (uint64_t)object);
}

// MARK: Jobs

// Of a task that comes to its end the runtime says nothing. What ran on this
// thread ends with the job at the latest; the next one has nothing to do with it.
typedef void job_run_function(void *job, void *one, void *two, void *three, void *four);
static job_run_function *job_run_original, *job_run_on_task_executor_original,
    *job_run_on_both_original;

static void run_job(job_run_function *original, void *job, void *one, void *two, void *three,
                    void *four) {
  struct tophash_strands *self = &tophash_strands;
  if (self->current == NULL) tophash_clock_clear(tophash_process.clocks, &self->tail);
  self->left_state = 0;
  self->jobs++;
  original(job, one, two, three, four);
  if (self->task_state != 0 && self->task_job == self->jobs) {
    // The first argument is the serial executor, if there is one. It was left.
    if (one != NULL && original != job_run_on_task_executor_original)
      tophash_clocks_release(tophash_process.clocks, &self->task,
                             (uint64_t)one | TOPHASH_KEY_BARRIERS);
    tophash_strand_leave_task(self->task_state);
  }
  self->jobs--;
}

static void hook_job_run(void *job, void *one, void *two, void *three, void *four) {
  run_job(job_run_original, job, one, two, three, four);
}
static void hook_job_run_on_task_executor(void *job, void *one, void *two, void *three,
                                          void *four) {
  run_job(job_run_on_task_executor_original, job, one, two, three, four);
}
static void hook_job_run_on_both(void *job, void *one, void *two, void *three, void *four) {
  run_job(job_run_on_both_original, job, one, two, three, four);
}

// MARK: Continuations

// A continuation may be resumed before it is awaited. Then the task goes on at
// once, without a word, and knows what the one who resumed it knew.
typedef __attribute__((swiftasynccall)) void await_function(void *context);
static await_function *await_original;

static __attribute__((swiftasynccall)) void hook_await(void *context) {
  tophash_strands.is_awaiting = true;
  __attribute__((musttail)) return await_original(context);
}

// MARK: Initialisation of globals

static void (*once_original)(void *token, void (*body)(void *), void *context);

struct once {
  void (*body)(void *);
  void *context;
};

static void run_once(void *context) {
  struct once *once = context;
  once->body(once->context);
  // Told to all before the token says that it is done: later readers look at
  // the token alone.
  tophash_clocks_release_to_all(tophash_process.clocks, tophash_strand_current());
}

static void hook_once(void *token, void (*body)(void *), void *context) {
  // Globals of the runtime are no way to hand over what belongs to the program.
  if (tophash_is_runtime(token)) return once_original(token, body, context);
  struct once once = {body, context};
  once_original(token, run_once, &once);
}

// MARK: Memory

static void (*release_dealloc_original)(void *object);
static void *(*slow_alloc_original)(size_t size, size_t alignment);
static void (*slow_dealloc_original)(void *memory, size_t size, size_t alignment);
static void *(*init_stack_object_original)(void *metadata, void *object);

static void hook_release_dealloc(void *object) {
  // A task is freed without a word to the allocator below. Before it is: then its
  // memory may already be another thread's lock.
  if (tophash_clocks_may_know(tophash_process.clocks, (uint64_t)object, 1)) {
    tophash_clocks_forget_sync(tophash_process.clocks, (uint64_t)object);
    tophash_clocks_forget_sync(tophash_process.clocks, (uint64_t)object | TOPHASH_KEY_BARRIERS);
  }
  if (tophash_is_task(object))
    tophash_clocks_forget_sync(tophash_process.clocks,
                               (uint64_t)object + tophash_task_state_offset());
  tophash_strands.deinits++;
  release_dealloc_original(object);
  tophash_strands.deinits--;
}

/// Most memory has nothing that is known of it.
static inline void forget(const void *memory, uint64_t size) {
  if (tophash_clocks_may_know(tophash_process.clocks, (uint64_t)memory, size))
    tophash_clocks_forget_memory(tophash_process.clocks, (uint64_t)memory, size);
}

static void *hook_slow_alloc(size_t size, size_t alignment) {
  void *memory = slow_alloc_original(size, alignment);
  // Not all memory comes back through `swift_slowDealloc`: stacks and the slabs
  // of tasks hold objects, too.
  forget(memory, size);
  return memory;
}

static void hook_slow_dealloc(void *memory, size_t size, size_t alignment) {
  // Before it is freed: afterwards it may belong to another thread. The allocator
  // knows the size; some callers do not, and pass anything, so that what lies
  // around would be forgotten: tasks that are alive would lose their past.
  if (memory != NULL) forget(memory, malloc_usable_size(memory));
  slow_dealloc_original(memory, size, alignment);
}

/// The size of an object; of one that is no class instance, of its header.
static uint64_t size_of_instance(const uint64_t *metadata) {
  // Class metadata: kind, superclass, flags and address point, then the size.
  bool is_class = metadata[0] == 0 || metadata[0] > 0x7FF;
  return is_class ? ((const uint32_t *)metadata)[6] : 16;
}

static void *hook_init_stack_object(void *metadata, void *object) {
  forget(object, size_of_instance(metadata));
  return init_stack_object_original(metadata, object);
}

// MARK: Unique references

void tophash_edge_unique(const void *object) {
  // The other references are gone, and with them whoever used the object through
  // them: as ordered as its end would be.
  forget(object, size_of_instance(*(const uint64_t *const *)object));
}

// MARK: Start

/// `_swift_release_dealloc` is not exported. It calls an object's destructor
/// through the word before its metadata and returns: the only code to do so.
static void *find_release_dealloc(void *inside) {
  static const uint8_t body[] = {0x55, 0x48, 0x89, 0xE5, 0x41, 0x55, 0x50, 0x48, 0x8B, 0x07, 0x49,
                                 0x89, 0xFD, 0xFF, 0x50, 0xF0, 0x48, 0x83, 0xC4, 0x08, 0x41, 0x5D,
                                 0x5D, 0xC3};
  Dl_info image;
  struct link_map *map;
  if (dladdr1(inside, &image, (void **)&map, RTLD_DL_LINKMAP) == 0) return NULL;
  const ElfW(Ehdr) *header = image.dli_fbase;
  const ElfW(Phdr) *segments = (const void *)((const char *)header + header->e_phoff);
  void *found = NULL;
  for (int i = 0; i < header->e_phnum; i++) {
    if (segments[i].p_type != PT_LOAD || !(segments[i].p_flags & PF_X)) continue;
    const uint8_t *code = (const uint8_t *)(map->l_addr + segments[i].p_vaddr);
    const uint8_t *end = code + segments[i].p_filesz;
    while ((code = memmem(code, (size_t)(end - code), body, sizeof body)) != NULL) {
      if (found != NULL) return NULL;  // not the only one after all
      found = (void *)code;
      code += sizeof body;
    }
  }
  return found;
}

/// Leaves a function as it is, for those that are only patched if they can be.
static void *patched(const char *name, void *entry, void *hook) {
  if (entry == NULL) entry = dlsym(RTLD_DEFAULT, name);
  return entry == NULL ? NULL : tophash_patch_entry(entry, hook);
}

bool tophash_edges_start_swift(void) {
  tophash_note_images();
  void *core = dlsym(RTLD_DEFAULT, "swift_slowAlloc");
  void **acquire = dlsym(RTLD_DEFAULT, "_swift_tsan_acquire");
  void **release = dlsym(RTLD_DEFAULT, "_swift_tsan_release");
  if (core == NULL || acquire == NULL || release == NULL) return false;
  void *release_dealloc = find_release_dealloc(core);
  if (release_dealloc == NULL) return false;
  once_original = patched("swift_once", NULL, (void *)hook_once);
  release_dealloc_original = patched(NULL, release_dealloc, (void *)hook_release_dealloc);
  slow_alloc_original = patched("swift_slowAlloc", NULL, (void *)hook_slow_alloc);
  slow_dealloc_original = patched("swift_slowDealloc", NULL, (void *)hook_slow_dealloc);
  init_stack_object_original =
      patched("swift_initStackObject", NULL, (void *)hook_init_stack_object);
  // A program need not have tasks.
  if (dlsym(RTLD_DEFAULT, "swift_continuation_await") != NULL) {
    await_original =
        (await_function *)patched("swift_continuation_await", NULL, (void *)hook_await);
    job_run_original =
        (job_run_function *)patched("swift_job_run", NULL, (void *)hook_job_run);
    job_run_on_task_executor_original = (job_run_function *)patched(
        "swift_job_run_on_task_executor", NULL, (void *)hook_job_run_on_task_executor);
    job_run_on_both_original = (job_run_function *)patched(
        "swift_job_run_on_serial_and_task_executor", NULL, (void *)hook_job_run_on_both);
    if (await_original == NULL || job_run_original == NULL ||
        job_run_on_task_executor_original == NULL || job_run_on_both_original == NULL)
      return false;
  }
  if (once_original == NULL || release_dealloc_original == NULL || slow_alloc_original == NULL ||
      slow_dealloc_original == NULL || init_stack_object_original == NULL ||
      !tophash_runtime_patch_gate())
    return false;
  tophash_gate_tell_clocks();
  // Not `_swift_tsan_enabled`: the functions are called where there are some, and that
  // one would have each use of `swift_once` take the slow way for ever.
  *acquire = (void *)tophash_edge_announced_acquire;
  *release = (void *)tophash_edge_announced_release;
  return true;
}
