#ifndef TOPHASH_READER_H
#define TOPHASH_READER_H

#include <stdatomic.h>
#include <stdbool.h>

// What epoch-based reclamation needs of thread and system.
//
// A reader announces itself by a store that must come before its loads. On x86
// that order costs a full barrier, which also stops the processor from working
// on the next lookup meanwhile. Linux can charge it to the rare other side:
// membarrier(2) runs a barrier on all threads of the process. (userspace RCU's
// "memb" flavour does the same.)

// The slot that this thread keeps in the process's domain, or null.
extern _Thread_local void *tophash_reader_own_slot;

static inline void *tophash_reader_slot(void) { return tophash_reader_own_slot; }

// Keeps `slot` for this thread; at the thread's end, `release` gets it.
void tophash_reader_keep(void *slot, void (*release)(void *slot));

// Asks once whether tophash_reader_barrier() works here.
bool tophash_reader_prepare(void);

// A full barrier on every thread of the process, somewhere during the call.
// False: there was none.
bool tophash_reader_barrier(void);

// The reader's half: keeps the compiler from moving loads before the store.
static inline void tophash_reader_fence(void) { atomic_signal_fence(memory_order_seq_cst); }

#endif
