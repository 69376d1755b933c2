// forks.c: notes every fork(2) and how many threads there are beside the one that forks, for
// LD_PRELOAD. A line for each goes to $NONO_TEST_FORKS. A thread counts until it is joined, so that
// what is seen does not hang on who was faster.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static atomic_int others;

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*work)(void *),
                   void *argument) {
  int (*const next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) =
      dlsym(RTLD_NEXT, "pthread_create");
  const int error = next(thread, attributes, work, argument);
  others += error == 0;
  return error;
}

int pthread_join(pthread_t thread, void **result) {
  int (*const next)(pthread_t, void **) = dlsym(RTLD_NEXT, "pthread_join");
  const int error = next(thread, result);
  others -= error == 0;
  return error;
}

static void note(void) {
  char line[32];
  const int size = snprintf(line, sizeof line, "%d\n", others);
  const char *path = getenv("NONO_TEST_FORKS");
  const int fd = path == NULL ? -1 : open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd >= 0) {
    (void)!write(fd, line, (size_t)size);
    close(fd);
  }
}

pid_t fork(void) {
  pid_t (*const next)(void) = dlsym(RTLD_NEXT, "fork");
  note();
  const pid_t child = next();
  if (child == 0) {
    others = 0;
  }
  return child;
}
