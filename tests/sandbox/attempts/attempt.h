// tests/sandbox/attempts/attempt.h: one system call that the static filter has to refuse.
//
// The program makes the attempt that its argument names and exits 0 if the call got through (it
// worked, or the kernel's own code found fault with its arguments), 1 if it was refused (the errno
// is printed), 2 if this machine does not have what the attempt needs.
#ifndef NONO_TESTS_SANDBOX_ATTEMPT_H
#define NONO_TESTS_SANDBOX_ATTEMPT_H

#include <errno.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

struct attempt {
  const char* name;
  long (*make)(void);  // the call's result, errno set; kNotHere
};
enum { kNotHere = -2 };

extern const struct attempt file_attempts[];
extern const struct attempt kernel_attempts[];
extern const struct attempt network_attempts[];
extern const struct attempt process_attempts[];

// own_refusal is set by an attempt that takes an errno for a refusal that to others is none.
extern int own_refusal;

// temporary_file returns a descriptor, only readable, of an own file that has no name any more.
int temporary_file(void);

#define ATTEMPT(name, call)      \
  static long try_##name(void) { \
    return (call);               \
  }

#endif
