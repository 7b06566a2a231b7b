#include "unusual_locks.h"

#include <sched.h>

void atomic_flag_cell_store(struct atomic_flag_cell *cell, int value) {
  __atomic_store_n(&cell->value, value, __ATOMIC_RELEASE);
}

int atomic_flag_cell_load(struct atomic_flag_cell *cell) {
  return __atomic_load_n(&cell->value, __ATOMIC_ACQUIRE);
}

void tiny_lock_lock(struct tiny_lock *lock) {
  while (__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE)) {
    sched_yield();
  }
}

void tiny_lock_unlock(struct tiny_lock *lock) {
  __atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
}
