// Start, fork and exit of a checked process; the self-test.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "timeline.h"
#include "tophash_toolchain.h"
#include "waits.h"
#include "tophash_probe.h"

// Nothing that others define may be missing in a program that has no Swift at
// all, so this library links no Swift. The build adds the Swift library and an
// object that registers an image's metadata; this entry tells the linker to
// leave out libraries that nothing refers to, and the two functions that the
// object calls are defined here: this image has no metadata.
__attribute__((section(".swift1_autolink_entries"), used, retain)) static const char
    linker_options[] = "-Wl,--as-needed";
TOPHASH_HIDDEN void swift_addNewDSOImage(const void *image) { (void)image; }
TOPHASH_HIDDEN bool _swift_backtrace_isThunkFunction(const char *name) { return (void)name, false; }

static struct tophash_traps traps;

struct tophash_process tophash_process = {.traps = &traps, .patch = true, .gate = true};

static bool found;           // the Swift runtime, in this process
static char session[2048];   // empty: not to be checked
static bool wants_accesses = true;
static bool wants_clocks;
static bool wants_scopes;
static bool wants_waits;
static bool wants_watch;     // of single variables: nothing is checked then
static bool wants_timeline;
static bool unsettled;       // forked: the event file is the parent's
static uint32_t hooks;       // set of enum tophash_hook
static uint32_t order;       // enum tophash_order

uint64_t tophash_now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

// MARK: Options

/// The value of `key` in `key=value:key=value`; NULL when it is not there.
static const char *option(const char *options, const char *key) {
  size_t length = strlen(key);
  for (const char *at = options; at != NULL; at = strchr(at, ':')) {
    if (*at == ':') at++;
    if (strncmp(at, key, length) == 0 && at[length] == '=') return at + length + 1;
  }
  return NULL;
}

static void read_options(void) {
  const char *options = getenv("TOPHASH_PROBE");
  uint32_t permille = 100;
  const char *value;
  if ((value = option(options, "hook"))) tophash_process.patch = strncmp(value, "interpose", 9) != 0;
  if ((value = option(options, "budget"))) permille = (uint32_t)strtoul(value, NULL, 10);
  if ((value = option(options, "traps")) && *value == '0') permille = 0;
  if ((value = option(options, "gate"))) tophash_process.gate = *value == '1';
  if ((value = option(options, "accesses"))) wants_accesses = *value == '1';
  if ((value = option(options, "watch"))) wants_watch = *value == '1';
  if ((value = option(options, "clocks"))) wants_clocks = *value == '1';
  if ((value = option(options, "scopes"))) wants_scopes = *value == '1';
  if ((value = option(options, "waits"))) wants_waits = *value == '1';
  if ((value = option(options, "timeline"))) wants_timeline = *value == '1';
  if ((value = option(options, "halt"))) tophash_process.halt = *value == '1';
  if ((value = option(options, "seed"))) tophash_seed = strtoull(value, NULL, 10);
  tophash_traps_start(&traps, tophash_now_ns(), permille);
}

// MARK: Self-test

/// Makes one access, through the way that the runtime's callers take, and checks
/// that it was seen and that the runtime behaves as this library believes.
static bool self_test(void) {
  static uint64_t variable;
  uint64_t buffer[3] = {0};
  void *site = (void *)(uintptr_t)self_test;
  uint64_t before = tophash_self.counters->tracked;
  void (*begin)(void *, uint64_t *, uintptr_t, void *) = tophash_runtime_entry_begin();
  void (*end)(uint64_t *) = tophash_runtime_entry_end();
  begin(&variable, buffer, 0x21, site);
  bool seen = tophash_self.counters->tracked == before + 1;
  bool understood = buffer[0] == (uint64_t)&variable && buffer[1] == (uint64_t)site;
  int from = 0;
  uint64_t key = (uint64_t)&variable << 1 | 1;
  struct tophash_bucket *bucket = tophash_bucket(tophash_process.table, (uint64_t)&variable);
  bool published = tophash_overlap_scan(bucket, key, TOPHASH_NO_SLOT, &from) != TOPHASH_NO_SLOT;
  end(buffer);
  from = 0;
  bool withdrawn = tophash_overlap_scan(bucket, key, TOPHASH_NO_SLOT, &from) == TOPHASH_NO_SLOT;
  tophash_self.counters->tracked = before;
  return seen && understood && published && withdrawn;
}

// MARK: Start

/// Follows order from now on. Only while the process has one thread, and with all
/// of its edges in sight: half of them would make correct programs look wrong.
static bool start_clocks(void) {
  struct tophash_clocks *clocks = mmap(NULL, sizeof *clocks, PROT_READ | PROT_WRITE,
                                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (clocks == MAP_FAILED) return false;
  tophash_process.clocks = clocks;
  if (!tophash_edges_start_swift()) return false;
  tophash_process.has_clocks = true;
  tophash_strand_thread_begin(0, 0);
  return true;
}

static void set_state(uint32_t state, uint32_t refusal) {
  tophash_events.header->refusal = refusal;
  __atomic_store_n(&tophash_events.header->state, state, __ATOMIC_RELEASE);
}

static bool has_sanitizer(void) {
  return dlsym(RTLD_DEFAULT, "__tsan_init") != NULL || dlsym(RTLD_DEFAULT, "__asan_init") != NULL;
}

static bool is_checked_program(void) {
  char path[4096];
  ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);
  if (size < 0) return true;
  path[size] = 0;
  return !tophash_is_toolchain(path);
}

/// True when this process has one thread. One that a library started before this
/// one may be anywhere, also in an entry point that is about to be patched.
static bool is_alone(void) {
  struct stat threads;
  return stat("/proc/self/task", &threads) == 0 && threads.st_nlink == 3;
}

/// Makes the table of open accesses, in huge pages where the kernel has some:
/// its buckets lie far apart, and each would need an address translation.
static bool make_table(void) {
  const size_t huge = 2 << 20;
  uint8_t *room = mmap(NULL, sizeof(struct tophash_table) + huge, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) return false;
  void *table = (void *)(((uintptr_t)room + huge - 1) & ~(uintptr_t)(huge - 1));
  madvise(table, sizeof(struct tophash_table), MADV_HUGEPAGE);
  tophash_process.table = table;
  return true;
}

/// Watches single variables, and lets all else pass.
static void watch_variables(bool may_patch) {
  tophash_events_note_images();
  tophash_watch_start(session, may_patch);
  set_state(TOPHASH_STATE_WATCHING, TOPHASH_REFUSAL_NONE);
}

/// Checks this process, whose runtime was found.
static void watch(void) {
  if (!make_table() || !tophash_events_open(session)) {
    static const char message[] =
        "tophash: warning: the events of this process cannot be kept; it runs unchecked\n";
    (void)!write(STDERR_FILENO, message, sizeof message - 1);
    return;
  }
  if (has_sanitizer()) return set_state(TOPHASH_STATE_REFUSED, TOPHASH_REFUSAL_SANITIZER);
  bool may_patch = tophash_process.patch && is_alone();
  if (wants_watch) return watch_variables(may_patch);
  if (wants_waits && tophash_waits_open(session)) tophash_waits_hook(may_patch);
  if (wants_timeline && tophash_timeline_open(session)) tophash_timeline_hook(may_patch);
  if (!wants_accesses) {
    if (may_patch) {
      tophash_runtime_pass_accesses();
      tophash_imports_release_for_waits();
    }
    tophash_events_note_images();
    return set_state(TOPHASH_STATE_WATCHING, TOPHASH_REFUSAL_NONE);
  }
  hooks = tophash_runtime_is_static() ? TOPHASH_HOOK_NONE : TOPHASH_HOOK_INTERPOSED;
  if (may_patch && tophash_runtime_patch()) hooks |= TOPHASH_HOOK_PATCHED;
  if (hooks == TOPHASH_HOOK_NONE) return set_state(TOPHASH_STATE_REFUSED, TOPHASH_REFUSAL_NO_HOOK);
  tophash_events.header->hook = hooks;
  tophash_thread_attach();
  tophash_process.watching = true;
  if (!self_test()) {
    tophash_process.watching = false;
    tophash_self.counters = NULL;
    return set_state(TOPHASH_STATE_REFUSED, TOPHASH_REFUSAL_UNKNOWN_RUNTIME);
  }
  // Without traps nobody is ever held in the gate.
  if (tophash_process.gate && traps.enabled && tophash_runtime_watch_gate(may_patch)) {
    hooks |= TOPHASH_HOOK_GATE;
    tophash_events.header->hook = hooks;
  }
  bool can_follow = (hooks & TOPHASH_HOOK_PATCHED) && !tophash_runtime_is_static();
  if (wants_clocks) {
    bool follows = can_follow && start_clocks();
    order = follows ? TOPHASH_ORDER_FOLLOWED : TOPHASH_ORDER_UNKNOWN;
    tophash_events.header->order = order;
  }
  if (wants_scopes && (hooks & TOPHASH_HOOK_PATCHED)) tophash_scopes_start();
  tophash_events_note_images();
  tophash_visits_learn(session);
  if (wants_timeline) tophash_timeline_choose(session);
  set_state(TOPHASH_STATE_WATCHING, TOPHASH_REFUSAL_NONE);
}

TOPHASH_COLD bool tophash_process_find_runtime(void) {
  static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
  struct tophash_interrupted before = tophash_cold_begin();
  pthread_mutex_lock(&once);
  if (!found && (found = tophash_runtime_find()) && session[0] != 0) watch();
  bool now = found;
  pthread_mutex_unlock(&once);
  tophash_cold_end(before);
  return now;
}

// MARK: Fork

static void forked_child(void) {
  bool measures_waits = tophash_process.waits != NULL;
  tophash_process.waits = NULL;  // the files are the parent's
  tophash_process.timeline = NULL;
  tophash_watch_forked();
  if (measures_waits && !tophash_process.watching) tophash_events_detach();
  if (!tophash_process.watching) return;
  // The other threads are gone, and with them whatever they had open. Most
  // children exec at once, so the event file is only made when one does not.
  struct tophash_table *table = tophash_process.table;
  if (madvise(table, sizeof *table, MADV_DONTNEED) != 0) memset(table, 0, sizeof *table);
  tophash_events_detach();
  tophash_thread_forked();
  tophash_gate_forked();
  if (tophash_process.has_clocks) tophash_strand_forked();
  // What was learned of sites stays; what was spent and counted is the parent's.
  traps.start_ns = tophash_now_ns();
  traps.held_ns = traps.near_misses = traps.armed = traps.holds = 0;
  unsettled = true;
}

TOPHASH_COLD void tophash_process_settle(void) {
  if (!__atomic_load_n(&unsettled, __ATOMIC_RELAXED)) return;
  if (!__atomic_exchange_n(&unsettled, false, __ATOMIC_RELAXED)) return;
  struct tophash_interrupted before = tophash_cold_begin();
  // No warning when it fails: standard error may be anything by now.
  if (tophash_events_open(session)) {
    tophash_events.header->hook = hooks;
    tophash_events.header->order = order;
    tophash_conflict_forget();
    // Not looked up anew: a thread that is gone may have held the loader's lock.
    tophash_events_inherit();
    set_state(TOPHASH_STATE_WATCHING, TOPHASH_REFUSAL_NONE);
  }
  tophash_cold_end(before);
}

// MARK: Constructor and destructor

__attribute__((constructor)) static void start(void) {
  const char *directory = getenv("TOPHASH_SESSION");
  bool wanted = directory != NULL && directory[0] == '/' && strlen(directory) < sizeof session &&
                is_checked_program();
  if (!wanted) return;  // the hooks find the runtime when they need it
  found = tophash_runtime_find();
  strcpy(session, directory);
  read_options();
  tophash_thread_start();
  pthread_atfork(NULL, NULL, forked_child);
  if (found) watch();
}

__attribute__((destructor)) static void stop(void) {
  tophash_watch_stop();
  if (!tophash_process.watching && tophash_process.waits == NULL) return;
  if (tophash_process.waits != NULL) tophash_events_note_images();  // also what came later
  tophash_events.header->end_ns = tophash_now_ns();
}
