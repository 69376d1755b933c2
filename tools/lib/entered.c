/* entered FUNCTIONS OUT PROGRAM [ARGUMENT...]: runs PROGRAM and writes to OUT which of FUNCTIONS
 * were entered, as offsets from its first mapping, hexadecimal and a line each like those of
 * FUNCTIONS. A breakpoint lies at each until it is met; PROGRAM's threads and the processes that it
 * forks are followed up to their exec. For tools/order-functions; x86-64. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { kLargest = 64 << 20, kTrap = 0xcc };
enum state { kNoBegin, kNotEntered, kEntered };

static unsigned char begins[kLargest]; /* enum state of each offset */
static unsigned char code[kLargest];   /* what lay there */
static FILE* out;

static void stop(const char* why) {
  perror(why);
  exit(3);
}

static void read_functions(const char* path) {
  FILE* const list = fopen(path, "r");
  uint64_t at;
  if (list == NULL) stop(path);
  while (fscanf(list, "%lx", &at) == 1) {
    if (at >= kLargest) stop("the program is larger than this was made for");
    begins[at] = kNotEntered;
  }
  fclose(list);
}

static uint64_t first_mapping(pid_t child, const char* program) {
  char path[64];
  char wanted[PATH_MAX];
  char line[PATH_MAX + 128];
  uint64_t first = 0;
  snprintf(path, sizeof path, "/proc/%d/maps", (int)child);
  FILE* const maps = fopen(path, "r");
  if (maps == NULL || realpath(program, wanted) == NULL) stop(program);
  while (first == 0 && fgets(line, sizeof line, maps) != NULL)
    if (strstr(line, wanted) != NULL) first = strtoull(line, NULL, 16);
  fclose(maps);
  return first;
}

/* One write for each page: there are some 20,000 functions. */
static void plant(pid_t child, uint64_t base) {
  enum { kPage = 4096 };
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/mem", (int)child);
  const int memory = open(path, O_RDWR | O_CLOEXEC);
  if (memory < 0) stop(path);
  for (uint64_t page = 0; page < kLargest; page += kPage) {
    if (memchr(begins + page, kNotEntered, kPage) == NULL) continue;
    unsigned char text[kPage];
    if (pread(memory, code + page, kPage, (off_t)(base + page)) != kPage) stop("read");
    memcpy(text, code + page, kPage);
    for (int i = 0; i < kPage; ++i)
      if (begins[page + i] == kNotEntered) text[i] = kTrap;
    if (pwrite(memory, text, kPage, (off_t)(base + page)) != kPage) stop("plant");
  }
  close(memory);
}

/* Another thread may have taken the breakpoint away after this one met it, and a forked process has
 * a copy of those that were there: whoever meets one takes it away and goes on before it. */
static int met_breakpoint(pid_t who, uint64_t base) {
  struct user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, who, 0, &registers) != 0) return 0;
  const uint64_t at = registers.rip - 1 - base;
  if (at >= kLargest || begins[at] == kNoBegin) return 0;
  if (begins[at] == kNotEntered) fprintf(out, "%lx\n", at);
  begins[at] = kEntered;
  errno = 0;
  long word = ptrace(PTRACE_PEEKTEXT, who, base + at, 0);
  if (errno != 0) stop("its memory is not ours to see (be root)");
  memcpy(&word, code + at, 1);
  registers.rip -= 1;
  if (ptrace(PTRACE_POKETEXT, who, base + at, word) != 0 ||
      ptrace(PTRACE_SETREGS, who, 0, &registers) != 0)
    stop("a breakpoint stays");
  return 1;
}

/* Until all have ended or exec'ed; what the program itself ended with. */
static int follow(pid_t child, uint64_t base) {
  int ended_with = 1;
  int status;
  pid_t who;
  while ((who = waitpid(-1, &status, __WALL)) > 0) {
    if (who == child && WIFEXITED(status)) ended_with = WEXITSTATUS(status);
    if (who == child && WIFSIGNALED(status)) ended_with = 128 + WTERMSIG(status);
    if (!WIFSTOPPED(status)) continue;
    const int event = status >> 16;
    int signal = event == 0 ? WSTOPSIG(status) : 0;
    if (signal == SIGTRAP && met_breakpoint(who, base)) signal = 0;
    /* One that was killed meanwhile reports its end next. */
    if (event == PTRACE_EVENT_EXEC) ptrace(PTRACE_DETACH, who, 0, 0);
    else ptrace(PTRACE_CONT, who, 0, signal);
  }
  return ended_with;
}

int main(int argc, char** argv) {
  if (argc < 4) {
    fprintf(stderr, "usage: entered FUNCTIONS OUT PROGRAM [ARGUMENT...]\n");
    return 2;
  }
  read_functions(argv[1]);
  out = fopen(argv[2], "we");
  if (out == NULL) stop(argv[2]);
  const pid_t child = fork();
  if (child == 0) {
    raise(SIGSTOP);
    execv(argv[3], argv + 3);
    _exit(127);
  }
  int status;
  const long options = PTRACE_O_EXITKILL | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
                       PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC;
  if (child < 0 || waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status) ||
      ptrace(PTRACE_SEIZE, child, 0, options) != 0)
    stop(argv[3]);
  kill(child, SIGCONT);
  while (waitpid(child, &status, 0) == child && status >> 16 != PTRACE_EVENT_EXEC) {
    if (!WIFSTOPPED(status)) stop(argv[3]);
    ptrace(PTRACE_CONT, child, 0, 0);
  }
  const uint64_t base = first_mapping(child, argv[3]);
  plant(child, base);
  ptrace(PTRACE_CONT, child, 0, 0);
  const int ended_with = follow(child, base);
  if (fclose(out) != 0) stop(argv[2]);
  return ended_with;
}
