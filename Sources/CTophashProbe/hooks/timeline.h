// The timeline, as the hooks share it. Only when it is asked for.

#ifndef TOPHASH_PROBE_TIMELINE_H
#define TOPHASH_PROBE_TIMELINE_H

#include "tophash_probe.h"

#pragma GCC visibility push(hidden)

/// Records an event of this thread. `now_ns` of 0 stands for this moment.
void tophash_timeline_note(uint16_t kind, uint64_t what, uint64_t since_ns, uint64_t now_ns,
                           uint16_t more);
/// A task begins or resumes on this thread; or leaves it.
void tophash_timeline_task(uint64_t state, bool enters);
/// Follows tasks from one executor to another. Only while the process has one thread.
void tophash_timeline_hook(bool may_patch);
/// The number of a queue's label.
uint16_t tophash_timeline_queue(void *queue);
/// A number for a work item that is submitted now, to a queue of this label.
uint64_t tophash_timeline_submit(uint16_t label);

static inline bool tophash_timeline_is_on(void) {
  return tophash_unlikely(tophash_process.timeline != NULL);
}

#pragma GCC visibility pop

#endif
