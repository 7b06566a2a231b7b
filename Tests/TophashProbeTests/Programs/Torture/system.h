// What Swift cannot call by itself: fork, a timer, and a filter on system calls.

#ifndef SYSTEM_H
#define SYSTEM_H

#include <sys/types.h>

/// `fork()`.
pid_t fork_process(void);

/// From now on the kernel denies `process_vm_readv` (and, with `pipes`, new pipes) to this
/// process, as some containers do. 0 when the filter is in place.
int deny_reading_memory(int pipes);

/// Sends this process SIGALRM again and again; never with 0.
void send_alarms_every(int microseconds);

#endif
