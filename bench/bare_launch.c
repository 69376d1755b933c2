// bench/bare_launch.c: the least that starts a program in a sandbox of nono's kind: fork, Landlock
// with ten rules, a seccomp listener whose parent serves every open. It checks nothing.
//
//   bare_launch PROGRAM [ARGUMENT...]     PROGRAM is a path
#include "bench/bare_landlock.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: bare_launch PROGRAM [ARGUMENT...]\n");
    return 125;
  }
  bare_run(argv + 1, confine);
}
