// older_kernel.c: a view of a kernel whose Landlock ends at ABI $NONO_TEST_LANDLOCK_ABI (0: none),
// for LD_PRELOAD. It answers as that kernel does: the version, and no right or flag that is newer.
// What is accepted goes to the real kernel, so what is enforced is what that ABI can enforce.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/types.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/syscall.h>

enum { kCreateRuleset = 444, kAddRule = 445, kRestrictSelf = 446, kPortRule = 2 };

struct attributes {
  __u64 fs;
  __u64 net;
  __u64 scopes;
};

static long refuse(int error) {
  errno = error;
  return -1;
}

static int abi(void) {
  static int known = -1;
  if (known < 0) {
    const char *text = getenv("NONO_TEST_LANDLOCK_ABI");
    known = text == NULL ? 0 : atoi(text);
  }
  return known;
}

// What each ABI knows, as in security/landlock/syscalls.c of Linux 5.13, 5.19, 6.2, 6.7, 6.10 and 6.12.
static struct attributes known(void) {
  static const struct attributes rows[] = {{0x1fff, 0, 0}, {0x1fff, 0, 0}, {0x3fff, 0, 0},
                                           {0x7fff, 0, 0}, {0x7fff, 3, 0}, {0xffff, 3, 0},
                                           {0xffff, 3, 3}};
  const int last = sizeof rows / sizeof rows[0] - 1;
  return rows[abi() > last ? last : abi()];
}

static long create(const struct attributes *wanted, unsigned long size) {
  const struct attributes have = known();
  const struct attributes asked = {wanted->fs, size >= 16 ? wanted->net : 0,
                                   size >= 24 ? wanted->scopes : 0};
  // The structure of an older kernel ends before what it does not know.
  if ((have.net == 0 && asked.net != 0) || (have.scopes == 0 && asked.scopes != 0)) {
    return refuse(E2BIG);
  }
  if (((asked.fs & ~have.fs) | (asked.net & ~have.net) | (asked.scopes & ~have.scopes)) != 0) {
    return refuse(EINVAL);
  }
  return (asked.fs | asked.net | asked.scopes) == 0 ? refuse(ENOMSG) : 0;
}

// version answers a call with flags: only the question for the version is one.
static long version(const void *wanted, unsigned long size, unsigned flags) {
  return wanted == NULL && size == 0 && flags == 1 ? abi() : refuse(EINVAL);
}

long syscall(long number, ...) {
  static long (*real)(long, ...);
  va_list rest;
  va_start(rest, number);
  long a[6];
  for (int i = 0; i < 6; ++i) {
    a[i] = va_arg(rest, long);
  }
  va_end(rest);
  if (real == NULL) {
    real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
  }
  if (number >= kCreateRuleset && number <= kRestrictSelf) {
    if (abi() == 0) {
      return refuse(ENOSYS);
    }
    if (number == kCreateRuleset) {
      const long answer = a[2] != 0 ? version((const void *)a[0], (unsigned long)a[1], (unsigned)a[2])
                                    : create((const struct attributes *)a[0], (unsigned long)a[1]);
      if (answer != 0) {
        return answer;
      }
    }
    if (number == kAddRule && abi() < 4 && a[1] == kPortRule) {
      return refuse(EINVAL);
    }
    if (number == kRestrictSelf && abi() < 7 && a[1] != 0) {
      return refuse(EINVAL);
    }
  }
  return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
