// tests/sandbox/children.h: what must not happen in the test's own process happens in a child.
#pragma once

#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <span>

namespace nono::sandbox::testing {

// in_child runs `body` in a child and returns its result (0 to 255), or -1 if a signal ended it.
template <typename Body>
int in_child(Body body) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::_exit(body());
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// install puts the calling process under `program` for good; 0 or an errno.
inline int install(std::span<const sock_filter> program, unsigned flags = 0) {
  const sock_fprog loaded{.len = static_cast<unsigned short>(program.size()),
                          .filter = const_cast<sock_filter*>(program.data())};
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &loaded) < 0 ? errno : 0;
}

inline constexpr unsigned kNobody = 65534;

// become_nobody gives up root for good; 0 or an errno.
inline int become_nobody() {
  return ::setgroups(0, nullptr) == 0 && ::setresgid(kNobody, kNobody, kNobody) == 0 &&
                 ::setresuid(kNobody, kNobody, kNobody) == 0
             ? 0
             : errno;
}

}  // namespace nono::sandbox::testing
