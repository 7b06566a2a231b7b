// Points at accesses, and a perfect trap: while a thread is parked with a modification open,
// whoever begins an access to the same variable is caught.

#include "tophash_explore.h"

#include <string.h>

#include "tophash_facts.h"

// The runtime's flags (ExclusivityFlags).
#define FLAG_MODIFY 0x01
#define FLAG_TRACKED 0x20
#define OPEN_MAX 1024
#define LOCKS_MAX 256
// As in the probe: a lock in a struct in a property lies a little further on than the access.
#define STRUCT_BYTES 256

TOPHASH_REAL(void, swift_beginAccess, (void *, uint64_t *, uintptr_t, void *))
TOPHASH_REAL(void, swift_endAccess, (uint64_t *))

static struct open_access {
  uint64_t address;
  uint64_t *buffer;
  uint64_t pc;
  uint32_t thread;
  bool modifies;
} accesses[OPEN_MAX];
static uint32_t access_count;

// Addresses that turned out to be locks.
static uint64_t locks[LOCKS_MAX];
static uint32_t lock_count;

static bool is_lock(uint64_t address) {
  for (uint32_t i = 0; i < lock_count; i++)
    if (locks[i] == address) return true;
  return false;
}

static void keep_overlap(struct tophash_thread *self, const struct open_access *first,
                         bool modifies, uint64_t pc) {
  struct tophash_account *account = &tophash_run.file->account;
  for (uint32_t i = 0; i < account->overlap_count; i++) {
    struct tophash_overlap_account *known = &account->overlaps[i];
    if (known->first_pc == first->pc && known->second_pc == pc) return;
  }
  if (account->overlap_count == TOPHASH_OVERLAPS) return;
  account->overlaps[account->overlap_count++] = (struct tophash_overlap_account){
      .address = first->address,
      .object = tophash_object(&tophash_run.objects, first->address),
      .first_thread = first->thread,
      .second_thread = self->id,
      .first_modifies = first->modifies,
      .second_modifies = modifies,
      .step = account->steps,
      .first_pc = first->pc,
      .second_pc = pc,
  };
}

static void look_for_overlap(struct tophash_thread *self, uint64_t address, bool modifies,
                             uint64_t pc) {
  for (uint32_t i = 0; i < access_count; i++) {
    const struct open_access *other = &accesses[i];
    bool meets = other->address == address && other->thread != self->id &&
                 (other->modifies || modifies);
    if (meets && !is_lock(address)) keep_overlap(self, other, modifies, pc);
  }
}

/// Keeps what names the variable, once for each.
static void note_object(uint32_t object, uint64_t address) {
  struct tophash_schedule_file *file = tophash_run.file;
  uint32_t count = file->account.named_count;
  if (count == TOPHASH_NAMED_OBJECTS) return;
  for (uint32_t i = 0; i < count; i++)
    if (file->named[i].object == object) return;
  struct tophash_named_object *named = &file->named[count];
  named->address = address;
  named->object = object;
  named->size = tophash_snapshot_collect(address, named->snapshot, sizeof named->snapshot);
  file->account.named_count++;
}

TOPHASH_EXPORT __attribute__((noinline)) void swift_beginAccess(void *address, uint64_t *buffer,
                                                                uintptr_t flags, void *pc) {
  struct tophash_thread *self =
      tophash_self != NULL && tophash_is_program(__builtin_return_address(0)) ? tophash_enter()
                                                                              : NULL;
  if (self == NULL) return swift_beginAccess_real()(address, buffer, flags, pc);
  struct tophash_site site = TOPHASH_SITE;
  bool modifies = flags & FLAG_MODIFY, is_tracked = flags & FLAG_TRACKED;
  uint64_t site_pc = (uint64_t)__builtin_return_address(0);
  enum tophash_point point = modifies ? TOPHASH_POINT_MODIFY : TOPHASH_POINT_READ;
  tophash_point(self, point, address, site);
  if (tophash_unlikely(tophash_run.file->order.is_detailed))
    note_object(self->object, (uint64_t)address);
  if (is_tracked) look_for_overlap(self, (uint64_t)address, modifies, site_pc);
  tophash_leave(self);
  swift_beginAccess_real()(address, buffer, flags, pc);
  self = tophash_enter();
  if (self == NULL || !is_tracked) goto out;
  if (access_count < OPEN_MAX)
    accesses[access_count++] = (struct open_access){.address = (uint64_t)address,
                                                    .buffer = buffer,
                                                    .pc = site_pc,
                                                    .thread = self->id,
                                                    .modifies = modifies};
  // A modification is open: others may run into it.
  if (modifies) tophash_point(self, TOPHASH_POINT_MODIFYING, address, site);
out:
  if (self != NULL) tophash_leave(self);
}

TOPHASH_EXPORT __attribute__((noinline)) void swift_endAccess(uint64_t *buffer) {
  struct tophash_thread *self = tophash_enter();
  if (self != NULL) {
    for (uint32_t i = access_count; i-- > 0;) {
      if (accesses[i].buffer != buffer) continue;
      accesses[i] = accesses[--access_count];
      break;
    }
    tophash_leave(self);
  }
  swift_endAccess_real()(buffer);
}

// MARK: Locks
//
// `pthread_mutex_lock(&self.mutex)` is, to the compiler, a modification of `mutex` that lasts
// until the lock is got. Whatever turns out to be a lock is no race, also afterwards.

static void forget_overlaps(uint64_t address) {
  struct tophash_account *account = &tophash_run.file->account;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < account->overlap_count; i++)
    if (account->overlaps[i].address != address) account->overlaps[kept++] = account->overlaps[i];
  account->overlap_count = kept;
}

void tophash_access_note_lock(struct tophash_thread *self, const volatile void *lock,
                              const void *caller) {
  if (access_count == 0 || !tophash_is_program(caller)) return;
  for (uint32_t i = 0; i < access_count; i++) {
    const struct open_access *open = &accesses[i];
    bool holds = open->thread == self->id && (uint64_t)lock - open->address < STRUCT_BYTES;
    if (!holds || is_lock(open->address) || lock_count == LOCKS_MAX) continue;
    locks[lock_count++] = open->address;
    forget_overlaps(open->address);
  }
}
