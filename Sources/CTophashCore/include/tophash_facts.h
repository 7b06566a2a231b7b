// Facts: what can be read about the program without trusting any of its memory.

#ifndef TOPHASH_FACTS_H
#define TOPHASH_FACTS_H

#include <stddef.h>
#include <stdint.h>

/// Copies up to `size` bytes at `address` of this process into `into`.
///
/// Never faults: returns how many leading bytes could be read (possibly 0).
/// Does not allocate or lock, keeps `errno`; safe in signal handlers. Two or three system calls
/// per 64 KB, or about two per page where the kernel denies `process_vm_readv`.
size_t tophash_memory_read(uint64_t address, void *into, size_t size);

/// The same through a pipe of its own, for kernels and sandboxes without `process_vm_readv`;
/// `tophash_memory_read` turns to it by itself. Returns 0 when no descriptor is free.
size_t tophash_memory_read_by_pipe(uint64_t address, void *into, size_t size);

/// Collects the memory that names the variable at `address`: the enclosing heap object's
/// header, its type metadata with superclasses and generic arguments, the value's first words
/// and the type of the storage it points at.
///
/// Writes pieces as `tophash_protocol.h` describes them; returns the bytes used, at most
/// `capacity`. Reads only through `tophash_memory_read`. Does not allocate or lock.
uint32_t tophash_snapshot_collect(uint64_t address, uint8_t *into, uint32_t capacity);

/// The same for a heap object: its header, as that of a storage, and its type.
uint32_t tophash_snapshot_collect_object(uint64_t object, uint8_t *into, uint32_t capacity);

#endif
