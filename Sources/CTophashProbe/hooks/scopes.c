// Which test this belongs to.
//
// A scope is entered by a test's task, or by a test library on its thread. What is
// started in it belongs to it, too: a task is in the scope that its creator was in,
// whether it is a child or detached. Threads and work items of Dispatch are followed
// as strands, which takes clocks.
//
// Swift Testing names the task of each test: that is a scope without anybody's help.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>

#include "strands.h"
#include "tophash_facts.h"
#include "tophash_testing.h"

// Scopes of tasks, by the task's number: number << 32 | OWN | scope. Numbers are
// given once in a process, so what a later task has put in a place was not its own
// by mistake; a task whose place was taken is in no scope that is known.
#define TASK_BITS 14
static uint64_t tasks[1u << TASK_BITS];

// The task entered its scope itself, or has no name that would be one: it need not
// be asked again.
#define OWN 0x80000000u

// Of a thread without tasks and strands.
static __thread uint32_t thread_scope __attribute__((tls_model("initial-exec")));

/// True for what Swift Testing calls the task that runs a test: others load tests, or wait
/// for them.
static bool is_test(const char *name) {
  static const char start[] = "[Swift Testing] test ";
  return strncmp(name, start, sizeof start - 1) == 0 && strstr(name, " - running") != NULL;
}

// Job::Id in a task object; see hooks/task.c.
#define TASK_ID_OFFSET 36

static uint64_t *place_of(uint32_t task) { return &tasks[task & ((1u << TASK_BITS) - 1)]; }

static uint32_t read_task(uint32_t task) {
  uint64_t entry = __atomic_load_n(place_of(task), __ATOMIC_RELAXED);
  return entry >> 32 == task ? (uint32_t)entry : 0;
}

static void write_task(uint32_t task, uint32_t scope) {
  __atomic_store_n(place_of(task), (uint64_t)task << 32 | scope, __ATOMIC_RELAXED);
}

/// A new scope; 0 when there are too many.
static uint32_t make(const char *name, uint32_t parent) {
  static uint32_t latest;
  uint32_t scope = __atomic_load_n(&latest, __ATOMIC_RELAXED);
  do {
    if (scope + 1 >= TOPHASH_SCOPES) return 0;
  } while (!__atomic_compare_exchange_n(&latest, &scope, scope + 1, true, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED));
  struct tophash_scope *record = &tophash_events.scopes[++scope];
  record->parent = parent;
  strncpy(record->name, name, sizeof record->name - 1);
  // Release: the record is whole for whoever reads this state.
  __atomic_store_n(&record->state, 2, __ATOMIC_RELEASE);
  return scope;
}

/// The number of the task that runs here; 0: none.
static uint32_t current_task(void) {
  const char *task = tophash_runtime.current_task == NULL ? NULL : tophash_runtime.current_task();
  return task == NULL ? 0 : *(const uint32_t *)(task + TASK_ID_OFFSET);
}

uint32_t tophash_scope_current(void) {
  if (!tophash_process.has_scopes) return 0;
  uint32_t task = current_task();
  if (task == 0) {
    struct tophash_strand *strand = tophash_process.has_clocks ? tophash_strands.current : NULL;
    return strand != NULL ? strand->scope : thread_scope;
  }
  uint32_t entry = read_task(task);
  if (entry & OWN) return entry & ~OWN;
  const char *name =
      tophash_runtime.current_task_name == NULL ? NULL : tophash_runtime.current_task_name();
  if (name != NULL && is_test(name))
    entry = make(name, entry);
  else if (entry == 0)
    return 0;  // its creator may not have come to it yet
  write_task(task, entry | OWN);
  return entry;
}

uint32_t tophash_scope_of(tophash_owner owner, uint64_t task) {
  if (!tophash_process.has_scopes) return 0;
  if (task != 0) return read_task((uint32_t)task) & ~OWN;
  uint64_t thread = tophash_thread_address(owner);
  if (!tophash_process.has_clocks || thread == 0) return 0;
  // Thread-local variables of one library lie at the same distance in each thread.
  uint64_t strands = thread + ((uint64_t)&tophash_strands - (uint64_t)&tophash_self);
  uint64_t strand = 0;
  uint32_t scope = 0;
  tophash_memory_read(strands + offsetof(struct tophash_strands, current), &strand, sizeof strand);
  if (strand != 0)
    tophash_memory_read(strand + offsetof(struct tophash_strand, scope), &scope, sizeof scope);
  return scope < TOPHASH_SCOPES ? scope : 0;
}

// MARK: Tasks that are created

struct created {
  char *task;
  void *context;
};
typedef struct created create_function(uint64_t flags, void *options, const void *result,
                                       void *function, void *context);
static create_function *create_original;

static struct created hook_create(uint64_t flags, void *options, const void *result,
                                  void *function, void *context) {
  uint32_t scope = tophash_scope_current();
  struct created created = create_original(flags, options, result, function, context);
  if (scope != 0 && created.task != NULL) {
    uint32_t task = *(const uint32_t *)(created.task + TASK_ID_OFFSET);
    uint64_t entry = __atomic_load_n(place_of(task), __ATOMIC_RELAXED);
    // It may run already, and have entered a scope of its own.
    if (entry >> 32 != task)
      __atomic_compare_exchange_n(place_of(task), &entry, (uint64_t)task << 32 | scope, false,
                                  __ATOMIC_RELAXED, __ATOMIC_RELAXED);
  }
  return created;
}

void tophash_scopes_start(void) {
  // Without it tests are told by their stacks, and by what test code enters itself.
  void *create = dlsym(RTLD_DEFAULT, "swift_task_create");
  if (create != NULL)
    create_original = (create_function *)tophash_patch_entry(create, (void *)hook_create);
  tophash_process.has_scopes = true;
}

// MARK: What test code asks

static void set_current(uint32_t scope) {
  uint32_t task = current_task();
  if (task != 0)
    write_task(task, scope | OWN);
  else
    thread_scope = scope;
  if (tophash_process.has_clocks) tophash_strand_enter_scope(scope);
}

TOPHASH_EXPORT uint32_t tophash_testing_version(void) {
  return tophash_process.has_scopes ? TOPHASH_TESTING_VERSION : 0;
}

TOPHASH_EXPORT uint32_t tophash_testing_enter(const char *name) {
  if (!tophash_process.has_scopes) return 0;
  uint32_t scope = make(name, tophash_scope_current());
  if (scope != 0) set_current(scope);
  return scope;
}

TOPHASH_EXPORT void tophash_testing_leave(uint32_t scope) {
  if (scope == 0 || scope >= TOPHASH_SCOPES || tophash_scope_current() != scope) return;
  set_current(tophash_events.scopes[scope].parent);
}

static bool is_within(uint32_t inner, uint32_t scope) {
  // Parents have lower numbers.
  while (inner > scope && inner < TOPHASH_SCOPES) inner = tophash_events.scopes[inner].parent;
  return inner == scope;
}

/// The next conflict from `*index` on that belongs to `scope`; NULL after the last.
static struct tophash_conflict *next(uint32_t scope, uint32_t *index) {
  uint32_t count = __atomic_load_n(&tophash_events.header->conflict_count, __ATOMIC_RELAXED);
  for (; *index < count && *index < TOPHASH_CONFLICTS; ++*index) {
    struct tophash_conflict *record = &tophash_events.conflicts[*index];
    const uint32_t complete = 2;
    // Acquire: partner of the release that completes the record.
    if (__atomic_load_n(&record->state, __ATOMIC_ACQUIRE) != complete) continue;
    if (is_within(record->sides[0].scope, scope) && is_within(record->sides[1].scope, scope))
      return record;
  }
  return NULL;
}

TOPHASH_EXPORT uint32_t tophash_testing_conflicts(uint32_t scope, uint32_t *conflicts,
                                                  uint32_t capacity) {
  if (scope == 0) return 0;
  uint32_t found = 0;
  struct tophash_conflict *record;
  for (uint32_t i = 0; (record = next(scope, &i)) != NULL; i++) {
    if (__atomic_load_n(&record->flags, __ATOMIC_RELAXED) & TOPHASH_CONFLICT_EXPECTED) continue;
    if (found < capacity) conflicts[found] = i;
    found++;
  }
  return found;
}

TOPHASH_EXPORT uint32_t tophash_testing_expect(uint32_t scope) {
  if (scope == 0) return 0;
  uint32_t found = 0;
  struct tophash_conflict *record;
  for (uint32_t i = 0; (record = next(scope, &i)) != NULL; i++, found++)
    __atomic_fetch_or(&record->flags, TOPHASH_CONFLICT_EXPECTED, __ATOMIC_RELAXED);
  return found;
}
