//===----------------------------------------------------------------------===//
// Which programs are let alone: the package manager, the compiler and what
// these start on their way to the user's program. Probe and tool have to agree.
//
// Names alone would not do: a program of the user's may be called as one of
// them, so the folder counts as well. The toolchain's other programs, such as
// swift-format and docc, start nobody, and are checked as any other.
//===----------------------------------------------------------------------===//

#ifndef TOPHASH_TOOLCHAIN_H
#define TOPHASH_TOOLCHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/// Whether the `size` bytes before `end` are `text`, and lie within `path`.
static inline bool tophash_path_ends(const char *path, const char *end, const char *text) {
  size_t size = strlen(text);
  return (size_t)(end - path) >= size && memcmp(end - size, text, size) == 0;
}

/// True for the executable at `path`, without symbolic links, of which nothing is to be told.
static inline bool tophash_is_toolchain(const char *path) {
  static const char *const names[] = {
      "swift",        "swiftc",           "swift-build",     "swift-build-tool",
      "swift-driver", "swift-frontend",   "swift-help",      "swift-legacy-driver",
      "swift-package", "swift-plugin-server", "swift-run",   "swift-test",
      "clang",        "lld",              "lldb",            "lldb-server",
      "llvm-symbolizer",
  };
  const char *slash = strrchr(path, '/');
  if (slash == NULL) return false;
  const char *name = slash + 1;
  const char *end = name + strlen(name);
  if (tophash_path_ends(path, slash, "/libexec/swift/pm"))
    return strcmp(name, "swiftpm-testing-helper") != 0;  // it loads the user's tests
  if (strncmp(name, "swift-backtrace", 15) == 0) return true;  // describes a crash
  // What the package manager compiles a Package.swift to, in a folder of its own.
  if (tophash_path_ends(path, end, "-manifest") && strstr(path, "/TemporaryDirectory.") != NULL)
    return true;
  if (!tophash_path_ends(path, slash, "/bin")) return false;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(name, names[i]) == 0) return true;
  return false;
}

#endif
