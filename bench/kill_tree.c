// bench/kill_tree.c: how long an agent's tree outlives its supervisor.
//
//   kill_tree ROUNDS SPREAD_MS PROGRAM [ARGUMENT...]     PROGRAM is a path
//
// Starts PROGRAM, waits a random time up to SPREAD_MS, takes a pidfd of every descendant, sends
// SIGKILL to PROGRAM, and polls until every pidfd has fired and the write end of the pipe that the
// tree has as standard output is closed everywhere: the pipe catches what was forked after the
// look at the tree. Prints min, median and max in ns; ends with 1 where a tree lives for 5 s.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"

extern char** environ;
enum { kMostProcesses = 256, kPatienceMs = 5000 };

struct Tree {
  struct pollfd watched[kMostProcesses];
  nfds_t count;
};

static void watch(struct Tree* tree, int fd, short events) {
  if (fd >= 0 && tree->count < kMostProcesses) {
    tree->watched[tree->count++] = (struct pollfd){.fd = fd, .events = events};
  }
}

static void add_children(struct Tree* tree, pid_t pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
  FILE* list = fopen(path, "re");
  int child;
  while (list != NULL && fscanf(list, "%d", &child) == 1) {
    watch(tree, (int)syscall(SYS_pidfd_open, child, 0), POLLIN);
    add_children(tree, child);
  }
  if (list != NULL) {
    fclose(list);
  }
}

// settle drops a watch that is done: a process that ended, a pipe at its end.
static void settle(struct pollfd* entry, int is_pipe) {
  char buffer[4096];
  if (entry->revents == 0 || (is_pipe && read(entry->fd, buffer, sizeof buffer) > 0)) {
    return;
  }
  close(entry->fd);
  entry->fd = -1;
}

static int wait_for_end(struct Tree* tree, double deadline) {
  nfds_t open_ones = tree->count;
  while (open_ones > 0) {
    if (poll(tree->watched, tree->count, 100) < 0 || bench_ns() > deadline) {
      return 0;
    }
    open_ones = 0;
    for (nfds_t i = 0; i < tree->count; ++i) {
      if (tree->watched[i].fd >= 0) {
        settle(&tree->watched[i], i == 0);
        open_ones += tree->watched[i].fd >= 0;
      }
    }
  }
  return 1;
}

static int one_round(char** argv, long spread_ms, double* took) {
  int ends[2];
  pid_t pid;
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return 0;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  int error = posix_spawn(&pid, argv[0], &actions, NULL, argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (error != 0) {
    close(ends[0]);
    return 0;
  }
  usleep((useconds_t)(random() % (spread_ms * 1000)));
  struct Tree tree = {.count = 0};
  watch(&tree, ends[0], POLLIN);
  add_children(&tree, pid);
  double start = bench_ns();
  kill(pid, SIGKILL);
  int ended = wait_for_end(&tree, start + kPatienceMs * 1e6);
  *took = bench_ns() - start;
  waitpid(pid, NULL, 0);
  return ended;
}

int main(int argc, char** argv) {
  long rounds = argc > 3 ? strtol(argv[1], NULL, 10) : 0;
  long spread_ms = argc > 3 ? strtol(argv[2], NULL, 10) : 0;
  double* times = rounds > 0 ? malloc((size_t)rounds * sizeof *times) : NULL;
  if (times == NULL || spread_ms <= 0) {
    fprintf(stderr, "usage: kill_tree ROUNDS SPREAD_MS PROGRAM [ARGUMENT...]\n");
    return 2;
  }
  srandom((unsigned)getpid());
  for (long round = 0; round < rounds; ++round) {
    if (!one_round(argv + 3, spread_ms, &times[round])) {
      fprintf(stderr, "kill_tree: the tree of round %ld lives on, or did not start\n", round);
      return 1;
    }
  }
  bench_print(times, (size_t)rounds);
  free(times);
  return 0;
}
