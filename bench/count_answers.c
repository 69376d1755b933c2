// bench/count_answers.c: whether every trapped call is answered, once and with its own answer.
//
//   count_answers DIRECTORY CALLS THREADS
//
// Makes a file in DIRECTORY for each thread, and CALLS opens of them in THREADS threads, every
// other one of them of a name that is not there. Each descriptor must be the thread's own file
// (device and inode) and each refusal ENOENT. A call that is never answered is found by a watch
// over each thread's progress: five seconds without any end the measurement. Prints the number of
// calls answered rightly and the nanoseconds per call; ends with 1 where one was not.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/bench.h"

enum { kMostThreads = 64, kPatienceSeconds = 5 };

struct Caller {
  char own[4096];
  char missing[4096];
  struct stat status;
  long calls;
  atomic_long right;
  atomic_int over;
  pthread_t thread;
};
static struct Caller callers[kMostThreads];

static int answered_rightly(const struct Caller* self, int missing) {
  int fd = open(missing ? self->missing : self->own, O_RDONLY | O_CLOEXEC);
  if (missing) {
    return fd < 0 && errno == ENOENT;
  }
  struct stat got;
  int right = fd >= 0 && fstat(fd, &got) == 0 && got.st_dev == self->status.st_dev &&
              got.st_ino == self->status.st_ino;
  if (fd >= 0) {
    close(fd);
  }
  return right;
}

static void* call(void* argument) {
  struct Caller* self = argument;
  for (long i = 0; i < self->calls; ++i) {
    if (!answered_rightly(self, (int)(i & 1))) {
      fprintf(stderr, "count_answers: call %ld got a wrong answer (%s)\n", i, strerror(errno));
      break;
    }
    atomic_fetch_add(&self->right, 1);
  }
  atomic_store(&self->over, 1);
  return NULL;
}

static int prepare(struct Caller* self, const char* directory, long number, long calls) {
  snprintf(self->own, sizeof self->own, "%s/own%ld", directory, number);
  snprintf(self->missing, sizeof self->missing, "%s/none%ld", directory, number);
  self->calls = calls;
  int fd = open(self->own, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
  int made = fd >= 0 && fstat(fd, &self->status) == 0;
  if (fd >= 0) {
    close(fd);
  }
  return made && pthread_create(&self->thread, NULL, call, self) == 0;
}

// watch returns when every thread has ended; 0 where one made no progress.
static int watch(long threads) {
  for (long i = 0; i < threads; ++i) {
    long seen = -1;
    double since = bench_ns();
    while (!atomic_load(&callers[i].over)) {
      long now = atomic_load(&callers[i].right);
      if (now != seen) {
        seen = now;
        since = bench_ns();
      } else if (bench_ns() - since > kPatienceSeconds * 1e9) {
        fprintf(stderr, "count_answers: thread %ld got no answer after %ld calls\n", i, seen);
        return 0;
      }
      usleep(10000);
    }
    pthread_join(callers[i].thread, NULL);
    unlink(callers[i].own);
  }
  return 1;
}

int main(int argc, char** argv) {
  long calls = argc == 4 ? strtol(argv[2], NULL, 10) : 0;
  long threads = argc == 4 ? strtol(argv[3], NULL, 10) : 0;
  if (calls <= 0 || threads <= 0 || threads > kMostThreads) {
    fprintf(stderr, "usage: count_answers DIRECTORY CALLS THREADS(1-64)\n");
    return 2;
  }
  double begin = bench_ns();
  for (long i = 0; i < threads; ++i) {
    if (!prepare(&callers[i], argv[1], i, calls / threads)) {
      perror("count_answers");
      return 1;
    }
  }
  int all = watch(threads);
  long right = 0;
  for (long i = 0; i < threads; ++i) {
    right += atomic_load(&callers[i].right);
  }
  printf("%ld %.0f\n", right, (bench_ns() - begin) / (double)(right > 0 ? right : 1));
  return all && right == calls / threads * threads ? 0 : 1;
}
