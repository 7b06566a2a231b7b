#define _GNU_SOURCE
#include "tophash_watchpoint.h"

#include <errno.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// Newer than the headers of some systems.
#ifndef TRAP_PERF
#define TRAP_PERF 6
#endif
#define LATE 1u  // TRAP_PERF_FLAG_ASYNC

// Where an unarmed one points.
static uint64_t nowhere;

static struct perf_event_attr attributes(uint64_t address, uint32_t length, bool reads,
                                         uint64_t data) {
  return (struct perf_event_attr){
      .type = PERF_TYPE_BREAKPOINT,
      .size = sizeof(struct perf_event_attr),
      .sample_period = 1,
      .disabled = 1,
      .inherit = 1,
      .inherit_thread = 1,  // by threads, not by forked processes
      .remove_on_exec = 1,
      .sigtrap = 1,
      .exclude_kernel = 1,
      .exclude_hv = 1,
      .bp_type = reads ? HW_BREAKPOINT_RW : HW_BREAKPOINT_W,
      .bp_addr = address,
      .bp_len = length,
      .sig_data = data,
  };
}

int tophash_watchpoint_open(void) {
  struct perf_event_attr wanted = attributes((uint64_t)&nowhere, 8, false, 0);
  long descriptor = syscall(SYS_perf_event_open, &wanted, 0l, -1l, -1l, (long)PERF_FLAG_FD_CLOEXEC);
  return descriptor < 0 ? -errno : (int)descriptor;
}

int tophash_watchpoint_arm(int watchpoint, uint64_t address, uint32_t length, bool reads,
                           uint64_t data) {
  struct perf_event_attr wanted = attributes(address, length, reads, data);
  wanted.disabled = 0;
  // Twice: a thread that is just being started may have taken over where the first
  // call found it, and been added to the kernel's list after that call went along it.
  for (int pass = 0; pass < 2; pass++)
    if (ioctl(watchpoint, PERF_EVENT_IOC_MODIFY_ATTRIBUTES, &wanted) != 0) return -errno;
  return 0;
}

void tophash_watchpoint_disarm(int watchpoint) { ioctl(watchpoint, PERF_EVENT_IOC_DISABLE, 0); }

uint64_t tophash_watchpoint_count(int watchpoint) {
  uint64_t count = 0;
  return read(watchpoint, &count, sizeof count) == sizeof count ? count : 0;
}

bool tophash_watchpoint_is_hit(const void *pointer, struct tophash_watchpoint_hit *hit) {
  const siginfo_t *info = pointer;
  if (info->si_code != TRAP_PERF) return false;
  // After the address: data, type and flags, which the C library may not name yet.
  struct {
    uint64_t data;
    uint32_t type, flags;
  } perf;
  memcpy(&perf, (const char *)pointer + 24, sizeof perf);
  *hit = (struct tophash_watchpoint_hit){.data = perf.data, .is_late = perf.flags & LATE};
  return true;
}
