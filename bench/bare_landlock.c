// bench/bare_landlock.c: a program under Landlock with ten rules and nothing else.
//
//   bare_landlock PROGRAM [ARGUMENT...]     PROGRAM is a path
#include "bench/bare_landlock.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: bare_landlock PROGRAM [ARGUMENT...]\n");
    return 125;
  }
  confine();
  execv(argv[1], argv + 1);
  bare_die(argv[1]);
}
