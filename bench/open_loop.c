// bench/open_loop.c: opens and closes one file again and again.
//
//   open_loop FILE COUNT BATCHES     prints min, median and max of the batches, ns per open+close
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench.h"

int main(int argc, char** argv) {
  long count = argc == 4 ? strtol(argv[2], NULL, 10) : 0;
  long batches = argc == 4 ? strtol(argv[3], NULL, 10) : 0;
  double* times = batches > 0 ? malloc((size_t)batches * sizeof *times) : NULL;
  if (count <= 0 || times == NULL) {
    fprintf(stderr, "usage: open_loop FILE COUNT BATCHES\n");
    return 2;
  }
  for (long batch = 0; batch < batches; ++batch) {
    double start = bench_ns();
    for (long i = 0; i < count; ++i) {
      int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
      if (fd < 0) {
        perror(argv[1]);
        return 1;
      }
      close(fd);
    }
    times[batch] = (bench_ns() - start) / (double)count;
  }
  bench_print(times, (size_t)batches);
  free(times);
  return 0;
}
