//===----------------------------------------------------------------------===//
// What test code may ask the probe, while both run in one process.
//
// The probe is preloaded, or it is not there: test code links nothing, and looks
// these functions up by name with dlsym(). Unlike the event file this is meant to
// last: libraries built against one version of it meet probes of another. What
// `tophash_testing_version` returns grows when something is added; what is here
// stays.
//
// A *scope* is a stretch of work with a name, such as a test. It holds what runs
// between enter and leave, and all that this starts: child tasks, detached tasks,
// and, where order is followed, threads and work items of Dispatch. A conflict
// belongs to a scope when both of its sides do.
//
// All functions may be called on any thread, and never block.
//===----------------------------------------------------------------------===//

#ifndef TOPHASH_TESTING_H
#define TOPHASH_TESTING_H

#include <stdint.h>

#define TOPHASH_TESTING_VERSION 1

/// The version that the probe has; 0 when it does not watch this process, or does not follow
/// scopes.
uint32_t tophash_testing_version(void);

/// Enters a scope called `name`, within the current one, on the current task, or on the current
/// thread where there is none. Returns its number, or 0 when there are too many.
uint32_t tophash_testing_enter(const char *name);

/// Leaves `scope`, on the task or thread that entered it.
void tophash_testing_leave(uint32_t scope);

/// Writes the numbers of up to `capacity` conflicts that belong to `scope` and are not expected.
/// Returns how many there are.
uint32_t tophash_testing_conflicts(uint32_t scope, uint32_t *conflicts, uint32_t capacity);

/// Says that the conflicts which belong to `scope` so far were expected: they are no findings.
/// Returns how many there are.
uint32_t tophash_testing_expect(uint32_t scope);

// The library that `tophash explore` preloads has one function of its own:

/// 1 while this process runs in an order that is decided from outside, so that test code need
/// not try orders by itself.
uint32_t tophash_testing_is_explored(void);

#endif
