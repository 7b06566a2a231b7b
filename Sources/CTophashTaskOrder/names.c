// Names of functions, for people. A test's own functions are not among those that the dynamic
// linker knows, so its file is read.

#ifndef _GNU_SOURCE
#define _GNU_SOURCE  // dl_iterate_phdr
#endif

#include "tophash_task_order.h"

#if defined(__linux__) && defined(__LP64__)

#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
  uint64_t bias;
  const Elf64_Sym *symbols;
  size_t count;
  const char *strings;
  size_t string_size;
} program;

static int bias_of_program(struct dl_phdr_info *info, size_t size, void *into) {
  (void)size;
  *(uint64_t *)into = info->dlpi_addr;
  return 1;  // the first one is the program
}

/// The file's sections, as far as they lie within it; NULL for what is no such file.
static const Elf64_Shdr *sections_of(const uint8_t *file, size_t size) {
  const Elf64_Ehdr *header = (const Elf64_Ehdr *)file;
  if (size < sizeof *header || header->e_ident[0] != ELFMAG0 ||
      header->e_shentsize != sizeof(Elf64_Shdr) || header->e_shoff > size ||
      (size - header->e_shoff) / sizeof(Elf64_Shdr) < header->e_shnum)
    return NULL;
  return (const Elf64_Shdr *)(file + header->e_shoff);
}

static bool lies_within(const Elf64_Shdr *section, size_t size) {
  return section->sh_offset <= size && section->sh_size <= size - section->sh_offset;
}

static void read_program(void) {
  int descriptor = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;
  struct stat status;
  const uint8_t *file = MAP_FAILED;
  if (fstat(descriptor, &status) == 0)
    file = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  close(descriptor);
  if (file == MAP_FAILED) return;
  size_t size = (size_t)status.st_size;
  const Elf64_Shdr *sections = sections_of(file, size);
  uint32_t count = sections != NULL ? ((const Elf64_Ehdr *)file)->e_shnum : 0;
  for (uint32_t i = 0; i < count; i++) {
    const Elf64_Shdr *symbols = &sections[i];
    if (symbols->sh_type != SHT_SYMTAB || symbols->sh_link >= count) continue;
    const Elf64_Shdr *strings = &sections[symbols->sh_link];
    if (!lies_within(symbols, size) || !lies_within(strings, size)) continue;
    program.symbols = (const Elf64_Sym *)(file + symbols->sh_offset);
    program.count = symbols->sh_size / sizeof(Elf64_Sym);
    program.strings = (const char *)(file + strings->sh_offset);
    program.string_size = strings->sh_size;
  }
  dl_iterate_phdr(bias_of_program, &program.bias);
}

const char *tophash_function_name(uint64_t address) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, read_program);
  uint64_t wanted = address - program.bias;
  for (size_t i = 0; i < program.count; i++) {
    const Elf64_Sym *symbol = &program.symbols[i];
    if (ELF64_ST_TYPE(symbol->st_info) != STT_FUNC || symbol->st_name >= program.string_size)
      continue;
    if (wanted - symbol->st_value < symbol->st_size) return program.strings + symbol->st_name;
  }
  return NULL;
}

#else

const char *tophash_function_name(uint64_t address) { return (void)address, NULL; }

#endif
