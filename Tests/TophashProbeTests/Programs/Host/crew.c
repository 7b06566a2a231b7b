// A library that starts a thread in its constructor, before the probe's runs, and keeps it.

#include <pthread.h>
#include <unistd.h>

static void *idle(void *unused) {
  for (;;) pause();
  return unused;
}

__attribute__((constructor(101))) static void start_early(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, idle, NULL);
}
