// Children that share their parent's memory until they become another program.
//
//   children PROGRAM ARGUMENT

#define _GNU_SOURCE
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

extern int early_result;

static void print_end(const char *how, pid_t child) {
  int status;
  while (waitpid(child, &status, 0) != child) {
  }
  printf("%s %d\n", how, WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc < 3) return 64;
  printf("early %d\n", early_result);
  fflush(stdout);
  char *arguments[] = {argv[1], argv[2], NULL};

  pid_t child = vfork();
  if (child == 0) {
    execv(argv[1], arguments);
    _exit(127);
  }
  print_end("vfork", child);

  if (posix_spawn(&child, argv[1], NULL, NULL, arguments, environ) != 0) return 1;
  print_end("spawn", child);

  child = fork();
  if (child == 0) {
    execv(argv[1], arguments);
    _exit(127);
  }
  print_end("fork", child);
  return 6;
}
