// bench/launch.c: times commands from spawn to wait, in turn, round after round.
//
//   launch ROUNDS -- PROGRAM [ARGUMENT...] [-- PROGRAM ...]...     PROGRAM is a path
//
// Every command gets one unmeasured start first. Per command one line: min, median, max in ns. A
// command that fails ends the measurement with 1. `++` stands for an argument `--` of a command.
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"

extern char** environ;
enum { kMostCommands = 16 };

static int start(char** argv, const posix_spawn_file_actions_t* actions, double* took) {
  pid_t pid;
  int status = 0;
  double begin = bench_ns();
  if (posix_spawn(&pid, argv[0], actions, NULL, argv, environ) != 0 ||
      waitpid(pid, &status, 0) != pid || status != 0) {
    fprintf(stderr, "launch: %s failed (wait status %d)\n", argv[0], status);
    return 0;
  }
  *took = bench_ns() - begin;
  return 1;
}

static size_t split(int argc, char** argv, char*** commands) {
  size_t count = 0;
  for (int i = 2; i < argc; ++i) {
    if (strcmp(argv[i], "--") == 0 && i + 1 < argc && count < kMostCommands) {
      argv[i] = NULL;  // ends the command before
      commands[count++] = argv + i + 1;
    } else if (strcmp(argv[i], "++") == 0) {
      memcpy(argv[i], "--", 2);
    }
  }
  return count;
}

int main(int argc, char** argv) {
  char** commands[kMostCommands];
  double* times[kMostCommands];
  long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
  size_t count = split(argc, argv, commands);
  if (rounds <= 0 || count == 0) {
    fprintf(stderr, "usage: launch ROUNDS -- PROGRAM [ARGUMENT...] [-- PROGRAM ...]...\n");
    return 2;
  }
  for (size_t c = 0; c < count; ++c) {
    times[c] = malloc((size_t)rounds * sizeof(double));
    if (times[c] == NULL) {
      return 1;
    }
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  for (long round = -1; round < rounds; ++round) {
    for (size_t c = 0; c < count; ++c) {
      if (!start(commands[c], &actions, &times[c][round < 0 ? 0 : round])) {
        return 1;
      }
    }
  }
  for (size_t c = 0; c < count; ++c) {
    bench_print(times[c], (size_t)rounds);
  }
  return 0;
}
