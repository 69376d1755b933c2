// bench/peak_memory.c: the peak of a program's resident memory.
//
//   peak_memory PROGRAM [ARGUMENT…]
//     prints KiB. Of a process that one spawns without forking (vfork, posix_spawn) Linux reports at
//     least what the parent had: a measuring script in Python measures itself. This parent is small.
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: peak_memory PROGRAM [ARGUMENT...]\n");
    return 2;
  }
  const pid_t child = fork();
  if (child == 0) {
    execv(argv[1], argv + 1);
    _exit(127);
  }
  int status = 0;
  struct rusage usage;
  if (child < 0 || wait4(child, &status, 0, &usage) != child || status != 0) {
    fprintf(stderr, "peak_memory: %s did not succeed\n", argv[1]);
    return 1;
  }
  printf("%ld\n", usage.ru_maxrss);
  return 0;
}
