// Where the Swift runtime's entry points are.
//
// Usually libswiftCore exports them. A program that links the runtime
// statically holds them as local symbols, found in its symbol table unless it
// was stripped.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tophash_probe.h"

// Until the runtime is found, which is at start unless it is loaded later, the
// originals are these: they find it and go on. Where it hides too well they do
// nothing: the program lives on without exclusivity checks.
static void find_and_begin(void *address, uint64_t *buffer, uintptr_t flags, void *pc) {
  buffer[0] = 0;  // no access, says this to the end
  if (tophash_process_find_runtime()) tophash_runtime.begin_access(address, buffer, flags, pc);
}
static void find_and_end(uint64_t *buffer) {
  if (tophash_process_find_runtime()) tophash_runtime.end_access(buffer);
}
static void find_and_enter(char *state) {
  if (tophash_process_find_runtime()) tophash_runtime.enter_task(state);
}
static void find_and_exit(char *state) {
  if (tophash_process_find_runtime()) tophash_runtime.exit_task(state);
}

static bool find_and_ask(const void *object) {
  return tophash_process_find_runtime() && tophash_runtime.is_unique(object);
}

// Always a safe answer.
static bool make_copies(const void *object) { return (void)object, false; }

static void do_nothing(char *state) { (void)state; }

struct tophash_runtime tophash_runtime = {
    .begin_access = find_and_begin,
    .end_access = find_and_end,
    .enter_task = find_and_enter,
    .exit_task = find_and_exit,
    .is_unique = find_and_ask,
};

// The entry points, as found; the hooks may call trampolines instead. Those after
// the gate's are only called.
enum { BEGIN, END, ENTER, EXIT, UNIQUE, RETAIN, UNOWNED_RETAIN, UNOWNED_RELEASE, ENTRIES };
static const char *const names[ENTRIES] = {
    "swift_beginAccess",
    "swift_endAccess",
    "swift_task_enterThreadLocalContext",
    "swift_task_exitThreadLocalContext",
    "swift_isUniquelyReferenced_nonNull_native",
    "swift_retain",
    "swift_unownedRetain",
    "swift_unownedRelease",
};
static void *entries[ENTRIES];
static bool is_static;
// Where the libraries are mapped that run tasks, and that bring collections.
struct tophash_code tophash_concurrency_code;
static struct tophash_code core;
static bool patched;

TOPHASH_EXPORT void swift_beginAccess(void *, uint64_t *, uintptr_t, void *);
TOPHASH_EXPORT void swift_endAccess(uint64_t *);
TOPHASH_EXPORT void swift_task_enterThreadLocalContext(char *);
TOPHASH_EXPORT void swift_task_exitThreadLocalContext(char *);
TOPHASH_EXPORT bool swift_isUniquelyReferenced_nonNull_native(const void *);

static void *const hooks[ENTRIES] = {
    (void *)swift_beginAccess,
    (void *)swift_endAccess,
    (void *)swift_task_enterThreadLocalContext,
    (void *)swift_task_exitThreadLocalContext,
    (void *)swift_isUniquelyReferenced_nonNull_native,
};

struct libraries {
  const char *names[TOPHASH_IMAGES];
  int count;
};

static int note_library(struct dl_phdr_info *info, size_t size, void *list) {
  (void)size;
  struct libraries *libraries = list;
  if (info->dlpi_name == NULL || info->dlpi_name[0] == 0) return 0;
  if (libraries->count == TOPHASH_IMAGES) return 1;
  libraries->names[libraries->count++] = info->dlpi_name;
  return 0;
}

/// A library that came in privately by dlopen and brought a runtime.
static void *find_private(void) {
  // Listed first: a library cannot be opened in the callback.
  static struct libraries libraries;
  libraries.count = 0;
  dl_iterate_phdr(note_library, &libraries);
  for (int i = 0; i < libraries.count; i++) {
    void *library = dlopen(libraries.names[i], RTLD_LAZY | RTLD_NOLOAD);
    if (library == NULL) continue;
    void *begin = dlsym(library, names[BEGIN]);
    if (begin != NULL && begin != hooks[BEGIN]) return library;
    dlclose(library);
  }
  return NULL;
}

/// In the libraries that the linker searches after this one, or in a private one.
static void find_dynamic(void) {
  bool is_private = dlsym(RTLD_NEXT, names[BEGIN]) == NULL;
  void *library = is_private ? find_private() : RTLD_NEXT;
  if (library == NULL) return;
  for (int i = 0; i < ENTRIES; i++) entries[i] = dlsym(library, names[i]);
  // The hooks call it from now on: it stays when the library that brought it goes.
  Dl_info owner;
  if (dladdr(entries[BEGIN], &owner) != 0)
    dlopen(owner.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
  if (is_private) dlclose(library);
}

static int find_main_bias(struct dl_phdr_info *info, size_t size, void *bias) {
  (void)size;
  *(uint64_t *)bias = info->dlpi_addr;
  return 1;  // the program itself comes first
}

/// True when `length` bytes at `offset` lie in a file of `size` bytes.
static bool is_inside(uint64_t offset, uint64_t length, size_t size) {
  return length <= size && offset <= size - length;
}

/// In the program's own symbol table.
static void find_static(void) {
  int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  struct stat status;
  const uint8_t *bytes = MAP_FAILED;
  size_t size = 0;
  if (fstat(file, &status) == 0 && (size = (size_t)status.st_size) > sizeof(ElfW(Ehdr)))
    bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
  close(file);
  if (bytes == MAP_FAILED) return;

  uint64_t bias = 0;
  dl_iterate_phdr(find_main_bias, &bias);
  const ElfW(Ehdr) *header = (const void *)bytes;
  size_t sections_size = (size_t)header->e_shnum * sizeof(ElfW(Shdr));
  if (header->e_shentsize == sizeof(ElfW(Shdr)) && is_inside(header->e_shoff, sections_size, size)) {
    const ElfW(Shdr) *sections = (const void *)(bytes + header->e_shoff);
    for (int s = 0; s < header->e_shnum; s++) {
      const ElfW(Shdr) *table = &sections[s];
      if (table->sh_type != SHT_SYMTAB || table->sh_link >= header->e_shnum) continue;
      const ElfW(Shdr) *strings = &sections[table->sh_link];
      if (!is_inside(table->sh_offset, table->sh_size, size)) continue;
      if (!is_inside(strings->sh_offset, strings->sh_size, size) || strings->sh_size == 0) continue;
      const ElfW(Sym) *symbols = (const void *)(bytes + table->sh_offset);
      const char *text = (const char *)bytes + strings->sh_offset;
      if (text[strings->sh_size - 1] != 0) continue;
      for (size_t i = 0; i < table->sh_size / sizeof *symbols; i++) {
        if (symbols[i].st_shndx == SHN_UNDEF || symbols[i].st_name >= strings->sh_size) continue;
        if (ELF64_ST_TYPE(symbols[i].st_info) != STT_FUNC) continue;
        for (int e = 0; e < ENTRIES; e++)
          if (strcmp(text + symbols[i].st_name, names[e]) == 0)
            entries[e] = (void *)(bias + symbols[i].st_value);
      }
    }
  }
  munmap((void *)bytes, size);
  is_static = entries[BEGIN] != NULL && entries[END] != NULL;
}

/// Finds the mapping that holds the address in `range->low`.
static int find_range(struct dl_phdr_info *info, size_t size, void *range) {
  (void)size;
  struct tophash_code *found = range;
  uint64_t low = UINT64_MAX, high = 0;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    if (info->dlpi_phdr[i].p_type != PT_LOAD) continue;
    uint64_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
    if (start < low) low = start;
    if (start + info->dlpi_phdr[i].p_memsz > high) high = start + info->dlpi_phdr[i].p_memsz;
  }
  if (found->low < low || found->low >= high) return 0;
  *found = (struct tophash_code){low, high};
  return 1;
}

/// The statically linked runtime's functions are local to the program; those of
/// a dynamic one may come by several ways, but never be our own.
bool tophash_runtime_find(void) {
  find_dynamic();
  if (entries[BEGIN] == NULL) find_static();
  if (entries[BEGIN] == NULL || entries[END] == NULL) return false;
  tophash_runtime.begin_access = (void (*)(void *, uint64_t *, uintptr_t, void *))entries[BEGIN];
  tophash_runtime.end_access = (void (*)(uint64_t *))entries[END];
  bool has_tasks = entries[ENTER] != NULL && entries[EXIT] != NULL;
  tophash_runtime.enter_task = has_tasks ? (void (*)(char *))entries[ENTER] : do_nothing;
  tophash_runtime.exit_task = has_tasks ? (void (*)(char *))entries[EXIT] : do_nothing;
  tophash_runtime.current_task = (void *(*)(void))dlsym(RTLD_DEFAULT, "swift_task_getCurrent");
  tophash_concurrency_code = (struct tophash_code){.low = (uint64_t)tophash_runtime.current_task};
  if (is_static || dl_iterate_phdr(find_range, &tophash_concurrency_code) == 0)
    tophash_concurrency_code = (struct tophash_code){0};
  core = (struct tophash_code){.low = (uint64_t)entries[BEGIN]};
  if (is_static || dl_iterate_phdr(find_range, &core) == 0) core = (struct tophash_code){0};
  tophash_runtime.is_unique =
      entries[UNIQUE] == NULL ? make_copies : (bool (*)(const void *))entries[UNIQUE];
  tophash_runtime.retain = (void *(*)(const void *))entries[RETAIN];
  tophash_runtime.unowned_retain = (void *(*)(const void *))entries[UNOWNED_RETAIN];
  tophash_runtime.unowned_release = (void (*)(const void *))entries[UNOWNED_RELEASE];
  tophash_runtime.current_task_name =
      (const char *(*)(void))dlsym(RTLD_DEFAULT, "swift_task_getCurrentTaskName");
  tophash_runtime.current_executor =
      (struct tophash_executor(*)(void))dlsym(RTLD_DEFAULT, "swift_task_getCurrentExecutor");
  tophash_runtime.queue_label =
      (const char *(*)(void *))dlsym(RTLD_DEFAULT, "dispatch_queue_get_label");
  return true;
}

bool tophash_runtime_patch(void) {
  // Ends first: an end without a begin finds nothing and does nothing, while a
  // begin without its end would stay open for ever.
  void *end = tophash_patch_entry(entries[END], hooks[END]);
  if (end == NULL) return false;
  tophash_runtime.end_access = (void (*)(uint64_t *))end;
  void *begin = tophash_patch_entry(entries[BEGIN], hooks[BEGIN]);
  if (begin == NULL) return false;
  tophash_runtime.begin_access = (void (*)(void *, uint64_t *, uintptr_t, void *))begin;
  patched = true;

  // A static program without concurrency has no task functions; in a dynamic
  // runtime they are still interposed when they cannot be patched.
  if (entries[ENTER] == NULL || entries[EXIT] == NULL) return true;
  void *exit = tophash_patch_entry(entries[EXIT], hooks[EXIT]);
  if (exit != NULL) tophash_runtime.exit_task = (void (*)(char *))exit;
  void *enter = tophash_patch_entry(entries[ENTER], hooks[ENTER]);
  if (enter != NULL) tophash_runtime.enter_task = (void (*)(char *))enter;
  return true;
}

bool tophash_runtime_patch_gate(void) {
  static bool is_patched;
  if (is_patched || entries[UNIQUE] == NULL) return is_patched;
  void *unique = tophash_patch_entry(entries[UNIQUE], hooks[UNIQUE]);
  if (unique != NULL) tophash_runtime.is_unique = (bool (*)(const void *))unique;
  return is_patched = unique != NULL;
}

bool tophash_runtime_watch_gate(bool may_patch) {
  for (int i = UNIQUE; i < ENTRIES; i++)
    if (entries[i] == NULL) return false;
  if (!tophash_gate_is_known(entries[UNIQUE])) return false;
  bool is_patched = may_patch && tophash_runtime_patch_gate();
  if (!is_patched && is_static) return false;
  void *entry = is_patched ? entries[UNIQUE] : dlsym(RTLD_DEFAULT, names[UNIQUE]);
  return tophash_gate_start((bool (*)(const void *))entry);
}

void tophash_runtime_pass_accesses(void) {
  // Each of these functions is longer than the jump.
  static const int idle[] = {BEGIN, END, UNIQUE};
  for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
    if (entries[idle[i]] != NULL) tophash_patch_forward(hooks[idle[i]], entries[idle[i]]);
}

bool tophash_runtime_is_static(void) { return is_static; }

bool tophash_runtime_is_core(uint64_t pc) { return pc >= core.low && pc < core.high; }

// When the entries are patched the runtime's own code is the way that proves
// it; else the call through the dynamic linker, which ends in the hook.
void (*tophash_runtime_entry_begin(void))(void *, uint64_t *, uintptr_t, void *) {
  void *begin = patched ? entries[BEGIN] : dlsym(RTLD_DEFAULT, names[BEGIN]);
  return (void (*)(void *, uint64_t *, uintptr_t, void *))begin;
}

void (*tophash_runtime_entry_end(void))(uint64_t *) {
  void *end = patched ? entries[END] : dlsym(RTLD_DEFAULT, names[END]);
  return (void (*)(uint64_t *))end;
}
