/* step OUT PROGRAM [ARGUMENT...]: runs PROGRAM one instruction at a time and writes to OUT, in
 * hexadecimal and a line each, the offset from its first mapping of every instruction of its own
 * that its first thread ran. For tools/order-functions. Some 40,000 instructions a second. */
#define _GNU_SOURCE
#include <limits.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kLargest = 64 << 20 };
static unsigned char seen[kLargest];

static void stop(const char* why) {
  perror(why);
  exit(1);
}

struct span {
  uint64_t first, end;
};

static struct span mapped(pid_t child, const char* program) {
  char path[64];
  char wanted[PATH_MAX];
  char line[PATH_MAX + 128];
  struct span span = {0, 0};
  snprintf(path, sizeof path, "/proc/%d/maps", (int)child);
  FILE* const maps = fopen(path, "r");
  if (maps == NULL || realpath(program, wanted) == NULL) stop(program);
  while (fgets(line, sizeof line, maps) != NULL) {
    uint64_t first, end;
    if (strstr(line, wanted) != NULL && sscanf(line, "%lx-%lx", &first, &end) == 2) {
      if (span.first == 0) span.first = first;
      span.end = end;
    }
  }
  fclose(maps);
  if (span.end - span.first > kLargest) stop("the program is larger than this was made for");
  return span;
}

static int step_to_the_end(pid_t child, struct span own) {
  int status = 0;
  int signal = 0;
  for (;;) {
    if (ptrace(PTRACE_SINGLESTEP, child, 0, signal) != 0 || waitpid(child, &status, __WALL) < 0)
      stop("step");
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
    signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
    const uint64_t at =
        (uint64_t)ptrace(PTRACE_PEEKUSER, child, offsetof(struct user_regs_struct, rip), 0);
    if (at >= own.first && at < own.end) seen[at - own.first] = 1;
  }
}

int main(int argc, char** argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: step OUT PROGRAM [ARGUMENT...]\n");
    return 2;
  }
  const pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    execv(argv[2], argv + 2);
    _exit(127);
  }
  int status;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFSTOPPED(status)) stop(argv[2]);
  ptrace(PTRACE_SETOPTIONS, child, 0, PTRACE_O_EXITKILL);
  const struct span own = mapped(child, argv[2]);
  const int code = step_to_the_end(child, own);
  FILE* const out = fopen(argv[1], "w");
  if (out == NULL) stop(argv[1]);
  for (uint64_t at = 0; at < own.end - own.first; ++at)
    if (seen[at]) fprintf(out, "%lx\n", at);
  if (fclose(out) != 0) stop(argv[1]);
  return code;
}
