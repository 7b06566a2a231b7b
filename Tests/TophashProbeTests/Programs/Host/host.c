// A C program that loads Swift code when it has long been running.
//
//   host PLUGIN (local|global) TIMES [threads]
//
// Opens the plug-in, lets two of its accesses overlap, and closes it, TIMES times over. With
// `threads` the program has a second thread all the while.

#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void (*hold)(void (*body)(void));
static void (*touch)(void);
static int (*count)(void);

static sem_t opened, finished;

static void wait_inside(void) {
  sem_post(&opened);
  sem_wait(&finished);
}

static void *run_holder(void *unused) {
  hold(wait_inside);
  return unused;
}

static void *idle(void *unused) {
  for (;;) pause();
  return unused;
}

int main(int argc, char **argv) {
  if (argc < 4) return 64;
  sem_init(&opened, 0, 0);
  sem_init(&finished, 0, 0);
  pthread_t thread;
  if (argc > 4 && strcmp(argv[4], "threads") == 0) pthread_create(&thread, NULL, idle, NULL);
  for (int time = 0; time < atoi(argv[3]); time++) {
    int scope = strcmp(argv[2], "global") == 0 ? RTLD_GLOBAL : RTLD_LOCAL;
    void *plugin = dlopen(argv[1], RTLD_NOW | scope);
    if (plugin == NULL) {
      fprintf(stderr, "%s\n", dlerror());
      return 1;
    }
    hold = (void (*)(void (*)(void)))dlsym(plugin, "plugin_hold");
    touch = (void (*)(void))dlsym(plugin, "plugin_touch");
    count = (int (*)(void))dlsym(plugin, "plugin_count");
    touch();
    pthread_create(&thread, NULL, run_holder, NULL);
    sem_wait(&opened);
    touch();
    sem_post(&finished);
    pthread_join(thread, NULL);
    printf("counted %d\n", count());
    dlclose(plugin);
  }
  return 5;
}
