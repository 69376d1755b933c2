#include "sandbox/rehearsal.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace nono::sandbox {
namespace {

constexpr int kHarmless = O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC;
constexpr int kNoAnswer = -1;

int errno_of(long result) {
  return result < 0 ? errno : 0;
}

int check_program(const char* path) {
  constexpr int kExecveCheck = 0x10000;  // AT_EXECVE_CHECK; EINVAL before Linux 6.14
  std::array<const char*, 2> argv{path, nullptr};
  std::array<const char*, 1> envp{nullptr};
  const int checked =
      errno_of(::syscall(SYS_execveat, AT_FDCWD, path, argv.data(), envp.data(), kExecveCheck));
  return checked == EINVAL ? errno_of(::faccessat(AT_FDCWD, path, X_OK, AT_EACCESS)) : checked;
}

int attempt(Rehearsed what, const char* path) {
  switch (what) {
    case Rehearsed::Read:
      return errno_of(::open(path, O_RDONLY | kHarmless));
    case Rehearsed::Write:
      return errno_of(::open(path, O_WRONLY | kHarmless));
    case Rehearsed::Execute:
      return check_program(path);
    case Rehearsed::ReadMode:
      return errno_of(::faccessat(AT_FDCWD, path, R_OK, AT_EACCESS));
    case Rehearsed::WriteMode:
      return errno_of(::faccessat(AT_FDCWD, path, W_OK, AT_EACCESS));
    case Rehearsed::Change:
      return errno_of(::faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS));
  }
  return EINVAL;
}

[[noreturn]] void perform(const Prepared& prepared, Rehearsed what, const char* path, int out) {
  const auto domain = prepared.enter();
  const int answer = domain ? attempt(what, path) : kNoAnswer;
  static_cast<void>(!::write(out, &answer, sizeof answer));
  ::_exit(0);
}

}  // namespace

Result<int> rehearse(const Prepared& prepared, Rehearsed what, const std::string& path) {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail_errno(errno, "asking the kernel");
  }
  const OwnedFd from(ends[0]);
  OwnedFd to(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) {
    return fail_fork(errno, "asking the kernel");
  }
  if (child == 0) {
    perform(prepared, what, path.c_str(), BorrowedFd(to).raw());
  }
  to.reset();
  int answer = kNoAnswer;
  const ssize_t got = ::read(BorrowedFd(from).raw(), &answer, sizeof answer);
  ::waitpid(child, nullptr, 0);
  if (got != static_cast<ssize_t>(sizeof answer) || answer == kNoAnswer) {
    return fail(ErrorKind::Unsupported, "the sandbox could not be entered to ask the kernel");
  }
  return answer;
}

}  // namespace nono::sandbox
