// Calls that no longer need to pass by here.
//
// Preloading puts this library's functions in front of others for good: each image
// calls them through a slot of its own, which the dynamic linker has filled in, or
// will when it is first used. Where a process is asked for something that needs only
// some of the hooks, the slots of the others are filled in with the originals, and
// calling them costs what it costs without this library. Images that are loaded later
// find the hooks, which then pass the call on.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tophash_probe.h"

#if defined(__x86_64__)
#define IS_IMPORT(type) ((type) == R_X86_64_JUMP_SLOT || (type) == R_X86_64_GLOB_DAT)
#elif defined(__aarch64__)
#define IS_IMPORT(type) ((type) == R_AARCH64_JUMP_SLOT || (type) == R_AARCH64_GLOB_DAT)
#endif

struct range {
  uint64_t low, high;
};

static bool contains(struct range range, uint64_t address) {
  return address >= range.low && address < range.high;
}

/// What is needed of an image.
struct image {
  uint64_t base;
  struct range all, readonly;  // `readonly`: once the slots there were filled in
  const ElfW(Sym) *symbols;
  const char *strings;
  const ElfW(Rela) *tables[2];
  size_t counts[2];
};

struct search {
  bool (*is_idle)(const char *name);
  struct range own;
};

static void note_segments(struct image *image, const struct dl_phdr_info *info) {
  image->all.low = UINT64_MAX;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
    uint64_t start = info->dlpi_addr + segment->p_vaddr, end = start + segment->p_memsz;
    if (segment->p_type == PT_GNU_RELRO) image->readonly = (struct range){start, end};
    if (segment->p_type != PT_LOAD) continue;
    if (start < image->all.low) image->all.low = start;
    if (end > image->all.high) image->all.high = end;
  }
}

static bool note_tables(struct image *image, const struct dl_phdr_info *info) {
  const ElfW(Dyn) *entry = NULL;
  for (int i = 0; i < info->dlpi_phnum; i++)
    if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
      entry = (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
  for (; entry != NULL && entry->d_tag != DT_NULL; entry++) {
    // The linker has made addresses of them, but in the kernel's own image.
    uint64_t value = entry->d_un.d_val;
    const void *address = (const void *)(value < image->all.low ? image->base + value : value);
    switch (entry->d_tag) {
      case DT_SYMTAB: image->symbols = address; break;
      case DT_STRTAB: image->strings = address; break;
      case DT_JMPREL: image->tables[0] = address; break;
      case DT_PLTRELSZ: image->counts[0] = value / sizeof(ElfW(Rela)); break;
      case DT_RELA: image->tables[1] = address; break;
      case DT_RELASZ: image->counts[1] = value / sizeof(ElfW(Rela)); break;
      case DT_PLTREL: if (value != DT_RELA) return false; break;
    }
  }
  return image->symbols != NULL && image->strings != NULL;
}

static void fill_in(const struct image *image, uint64_t *slot, uint64_t target) {
  uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
  void *page = (void *)((uint64_t)slot & ~(page_size - 1));
  bool is_readonly = contains(image->readonly, (uint64_t)slot);
  if (is_readonly && mprotect(page, page_size, PROT_READ | PROT_WRITE) != 0) return;
  *slot = target;
  if (is_readonly) mprotect(page, page_size, PROT_READ);
}

/// A call that has to pass by here: into this library, or still to be looked up.
static bool may_be_hooked(const struct image *image, const struct search *search, uint64_t target) {
  return contains(search->own, target) || contains(image->all, target);
}

static int release(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  const struct search *search = context;
  struct image image = {.base = info->dlpi_addr};
  note_segments(&image, info);
  if (contains(search->own, image.all.low) || !note_tables(&image, info)) return 0;
  for (int table = 0; table < 2; table++) {
    for (size_t i = 0; image.tables[table] != NULL && i < image.counts[table]; i++) {
      const ElfW(Rela) *import = &image.tables[table][i];
      if (!IS_IMPORT(ELF64_R_TYPE(import->r_info))) continue;
      const ElfW(Sym) *symbol = &image.symbols[ELF64_R_SYM(import->r_info)];
      uint64_t *slot = (uint64_t *)(image.base + import->r_offset);
      if (symbol->st_shndx != SHN_UNDEF || !may_be_hooked(&image, search, *slot)) continue;
      const char *name = image.strings + symbol->st_name;
      if (!search->is_idle(name)) continue;
      void *original = dlsym(RTLD_NEXT, name);
      if (original != NULL) fill_in(&image, slot, (uint64_t)original);
    }
  }
  return 0;
}

static int find_own(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  struct image image = {0};
  note_segments(&image, info);
  if (!contains(image.all, (uint64_t)find_own)) return 0;
  ((struct search *)context)->own = image.all;
  return 1;
}

static void release_all(bool (*is_idle)(const char *name)) {
  struct search search = {.is_idle = is_idle};
  if (dl_iterate_phdr(find_own, &search) != 0) dl_iterate_phdr(release, &search);
}

// MARK: Which

static bool is_one_of(const char *name, const char *const *names) {
  for (; *names != NULL; names++)
    if (strcmp(name, *names) == 0) return true;
  return false;
}

// In front of accesses, and what is handed over through descriptors.
static const char *const accesses_and_pipes[] = {
    "swift_beginAccess", "swift_endAccess", "swift_isUniquelyReferenced_nonNull_native",
    "swift_isUniquelyReferenced_native", "pipe", "pipe2", "socketpair", "eventfd", "eventfd_read",
    "eventfd_write", "dup", "dup2", "dup3", "close", "read", "readv", "recv", "recvmsg", "write",
    "writev", "send", "sendmsg", NULL};

// What orders, and never waits.
static const char *const orders_only[] = {
    "pthread_mutex_init", "pthread_mutex_trylock", "pthread_mutex_unlock", "pthread_rwlock_init",
    "pthread_rwlock_tryrdlock", "pthread_rwlock_trywrlock", "pthread_rwlock_unlock",
    "pthread_spin_init", "pthread_spin_trylock", "pthread_spin_unlock", "pthread_cond_init",
    "pthread_cond_signal", "pthread_cond_broadcast", "pthread_once", "sem_trywait", "sem_post",
    NULL};

static bool is_idle_for_waits(const char *name) {
  return is_one_of(name, accesses_and_pipes) || is_one_of(name, orders_only);
}

static bool is_idle_for_watch(const char *name) {
  return strncmp(name, "pthread_", 8) == 0 || strncmp(name, "sem_", 4) == 0 ||
         strncmp(name, "dispatch_", 9) == 0 || is_one_of(name, accesses_and_pipes);
}

void tophash_imports_release_for_waits(void) { release_all(is_idle_for_waits); }
void tophash_imports_release_for_watch(void) { release_all(is_idle_for_watch); }
