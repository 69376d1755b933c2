// bench/bare_broker.c: runs a program with its opens trapped, served and injected, unchecked.
//
//   bare_broker PROGRAM [ARGUMENT...]     PROGRAM is a path
#include "bench/bare_notify.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: bare_broker PROGRAM [ARGUMENT...]\n");
    return 125;
  }
  bare_run(argv + 1, NULL);
}
