// bench/many_opens.c: how long brokered opens take while many threads make them at a steady rate.
//
//   many_opens FILE THREADS PER_SECOND SECONDS [FLOODERS]
//
// THREADS threads open and close FILE, PER_SECOND times a second all together, each at moments of
// its own that are fixed beforehand: an open that waits for the one before it counts from when it
// was due. FLOODERS more threads open a missing file as fast as they can meanwhile: they are the
// neighbours that flood the broker. Prints p50, p99 and max in ns, then how many opens were made
// and how many of the flood. Ends with 1 where an open fails, or one of the flood succeeds.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "bench/bench.h"

enum { kStack = 64 * 1024 };

struct Load {
  const char* file;
  char missing[4096];
  long threads;
  double period_ns;  // of one thread
  long each;         // opens of one thread
  double begin_ns;
  double* took;
  atomic_int failed;
  atomic_int over;
  atomic_long flooded;
};
struct Worker {
  struct Load* load;
  long number;
  pthread_t thread;
};

static void sleep_until(double at) {
  struct timespec moment = {.tv_sec = (time_t)(at / 1e9)};
  moment.tv_nsec = (long)(at - (double)moment.tv_sec * 1e9);
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &moment, NULL) == EINTR) {
  }
}

static void* steady(void* argument) {
  struct Worker* self = argument;
  struct Load* load = self->load;
  double* took = load->took + self->number * load->each;
  double phase = load->period_ns * (double)self->number / (double)load->threads;
  for (long i = 0; i < load->each; ++i) {
    double due = load->begin_ns + phase + load->period_ns * (double)i;
    sleep_until(due);
    double begin = bench_ns();
    int fd = open(load->file, O_RDONLY | O_CLOEXEC);
    double end = bench_ns();
    if (fd < 0) {
      atomic_store(&load->failed, 1);
      return NULL;
    }
    close(fd);
    // The timer's own lateness is not the broker's; the wait behind one's own last open is.
    double late = i > 0 && took[i - 1] > load->period_ns ? begin - due : 0;
    took[i] = end - begin + late;
  }
  return NULL;
}

static void* flood(void* argument) {
  struct Load* load = ((struct Worker*)argument)->load;
  while (!atomic_load(&load->over)) {
    if (open(load->missing, O_RDONLY | O_CLOEXEC) >= 0 || errno != ENOENT) {
      atomic_store(&load->failed, 1);
      return NULL;
    }
    atomic_fetch_add(&load->flooded, 1);
  }
  return NULL;
}

static int run_all(struct Load* load, struct Worker* workers, long flooders) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStack);
  load->begin_ns = bench_ns() + 50e6;
  for (long i = 0; i < load->threads + flooders; ++i) {
    workers[i] = (struct Worker){.load = load, .number = i};
    if (pthread_create(&workers[i].thread, &attributes, i < load->threads ? steady : flood,
                       &workers[i]) != 0) {
      return 0;
    }
  }
  for (long i = 0; i < load->threads; ++i) {
    pthread_join(workers[i].thread, NULL);
  }
  atomic_store(&load->over, 1);
  for (long i = load->threads; i < load->threads + flooders; ++i) {
    pthread_join(workers[i].thread, NULL);
  }
  return !atomic_load(&load->failed);
}

int main(int argc, char** argv) {
  static struct Load load;
  long rate = argc >= 5 ? strtol(argv[3], NULL, 10) : 0;
  long seconds = argc >= 5 ? strtol(argv[4], NULL, 10) : 0;
  long flooders = argc == 6 ? strtol(argv[5], NULL, 10) : 0;
  load.threads = argc >= 5 ? strtol(argv[2], NULL, 10) : 0;
  if (load.threads <= 0 || rate <= 0 || seconds <= 0 || flooders < 0) {
    fprintf(stderr, "usage: many_opens FILE THREADS PER_SECOND SECONDS [FLOODERS]\n");
    return 2;
  }
  load.file = argv[1];
  snprintf(load.missing, sizeof load.missing, "%s.missing", argv[1]);
  load.each = rate * seconds / load.threads;
  load.period_ns = 1e9 * (double)load.threads / (double)rate;
  size_t count = (size_t)(load.each * load.threads);
  load.took = calloc(count, sizeof *load.took);
  struct Worker* workers = calloc((size_t)(load.threads + flooders), sizeof *workers);
  if (count == 0 || load.took == NULL || workers == NULL || !run_all(&load, workers, flooders)) {
    fprintf(stderr, "many_opens: an open failed, or one of the flood did not\n");
    return 1;
  }
  qsort(load.took, count, sizeof *load.took, bench_order);
  printf("%.0f %.0f %.0f\n%zu %ld\n", load.took[count / 2], load.took[count - 1 - count / 100],
         load.took[count - 1], count, atomic_load(&load.flooded));
  free(load.took);
  free(workers);
  return 0;
}
