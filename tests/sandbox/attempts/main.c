// tests/sandbox/attempts/main.c: see attempt.h.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sandbox/attempts/attempt.h"

int own_refusal = 0;

int temporary_file(void) {
  char path[] = "/tmp/nono-attempt-XXXXXX";
  const int writable = mkstemp(path);
  if (writable < 0) {
    return -1;
  }
  const int readable = open(path, O_RDONLY | O_CLOEXEC);
  unlink(path);
  close(writable);
  return readable;
}

static int is_refusal(int error) {
  switch (error) {
    case EPERM:
    case EACCES:
    case ENOSYS:
    case EBUSY:
    case ENOTTY:
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
    case EOPNOTSUPP:
      return 1;
    default:
      return 0;
  }
}

static int judge(const struct attempt* attempt) {
  errno = 0;
  const long result = attempt->make();
  const int error = errno;
  if (result == kNotHere) {
    return 2;
  }
  if (result == -1 && (is_refusal(error) || (error != 0 && error == own_refusal))) {
    printf("%d\n", error);
    return 1;
  }
  return 0;
}

int main(int argc, char** argv) {
  const struct attempt* const lists[] = {file_attempts, kernel_attempts, network_attempts,
                                         process_attempts};
  if (argc != 2) {
    return 3;
  }
  for (size_t list = 0; list < sizeof lists / sizeof lists[0]; ++list) {
    for (const struct attempt* next = lists[list]; next->name != NULL; ++next) {
      if (strcmp(argv[1], "--list") == 0) {
        puts(next->name);
      } else if (strcmp(argv[1], next->name) == 0) {
        return judge(next);
      }
    }
  }
  return strcmp(argv[1], "--list") == 0 ? 0 : 3;
}
