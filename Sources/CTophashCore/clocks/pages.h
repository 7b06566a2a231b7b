// Which pages of memory have variables or sync objects: most memory that is
// freed has none, and is told so by one load.

#ifndef TOPHASH_CLOCKS_PAGES_H
#define TOPHASH_CLOCKS_PAGES_H

#include "tophash_clocks.h"

#define TOPHASH_GRANULE 64ull

/// The same for all addresses of a granule, so that freeing one is one look-up.
static inline uint64_t tophash_granule_hash(uint64_t address) {
  return address / TOPHASH_GRANULE * 0x9E3779B97F4A7C15ull;
}

static inline void tophash_page_add(struct tophash_clocks *clocks, uint64_t address) {
  __atomic_fetch_add(tophash_page_count(clocks, address), 1, __ATOMIC_RELAXED);
}

static inline void tophash_page_remove(struct tophash_clocks *clocks, uint64_t address) {
  __atomic_fetch_sub(tophash_page_count(clocks, address), 1, __ATOMIC_RELAXED);
}

static inline bool tophash_page_is_used(struct tophash_clocks *clocks, uint64_t address) {
  return __atomic_load_n(tophash_page_count(clocks, address), __ATOMIC_RELAXED) != 0;
}

/// Forgets the sync objects of one granule that lie in `low..<high`.
void tophash_syncs_forget_granule(struct tophash_clocks *clocks, uint64_t granule, uint64_t low,
                                  uint64_t high);

#endif
