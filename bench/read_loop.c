// bench/read_loop.c: opens, reads and closes every file that it is given, again and again.
//
//   read_loop BATCHES FILE...     prints min, median and max of the batches, ns per file
#include <fcntl.h>
#include <unistd.h>

#include "bench/bench.h"

int main(int argc, char** argv) {
  long batches = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
  double* times = batches > 0 ? malloc((size_t)batches * sizeof *times) : NULL;
  static char text[65536];
  if (times == NULL) {
    fprintf(stderr, "usage: read_loop BATCHES FILE...\n");
    return 2;
  }
  for (long batch = 0; batch < batches; ++batch) {
    double start = bench_ns();
    for (int i = 2; i < argc; ++i) {
      int fd = open(argv[i], O_RDONLY | O_CLOEXEC);
      if (fd < 0 || read(fd, text, sizeof text) < 0) {
        perror(argv[i]);
        return 1;
      }
      close(fd);
    }
    times[batch] = (bench_ns() - start) / (double)(argc - 2);
  }
  bench_print(times, (size_t)batches);
  free(times);
  return 0;
}
