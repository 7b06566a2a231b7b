#ifndef UNUSUAL_LOCKS_H
#define UNUSUAL_LOCKS_H

/// A flag that a Swift class can hold in a property, and that C sets and reads atomically.
///
/// Swift passes its address with `&`, which the compiler counts as a change of the property.
struct atomic_flag_cell {
  int value;
};

/// Publishes `value`. Everything written before can be read by whoever sees it.
void atomic_flag_cell_store(struct atomic_flag_cell *cell, int value);

/// Returns the published value.
int atomic_flag_cell_load(struct atomic_flag_cell *cell);

/// A lock of a few bytes that spins, as C libraries make them.
struct tiny_lock {
  int taken;
};

void tiny_lock_lock(struct tiny_lock *lock);
void tiny_lock_unlock(struct tiny_lock *lock);

#endif
