// engine/child_output.cc: posix_spawn, a pipe, a deadline.
#include "engine/child_output.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <utility>

#include "base/owned_fd.h"
#include "base/text.h"

namespace nono::engine {

namespace {

using Steady = std::chrono::steady_clock;

// Spawn owns what posix_spawn(3) is told to do.
class Spawn {
 public:
  Spawn() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;
  Spawn(Spawn&&) = delete;
  Spawn& operator=(Spawn&&) = delete;
  ~Spawn() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }

  // run starts the program in a session of its own, its output to `out` or nowhere; the error as
  // posix_spawn gives it.
  int run(const std::vector<std::string>& words, std::optional<int> out, pid_t& pid) {
    std::vector<std::string> copies = words;
    std::vector<char*> argv;
    argv.reserve(copies.size() + 1);
    for (std::string& word : copies) {
      argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    if (const int error = describe(out); error != 0) {
      return error;
    }
    return ::posix_spawnp(&pid, argv.front(), &actions_, &attributes_, argv.data(), environ);
  }

 private:
  int describe(std::optional<int> out) {
    // First the pipe: it may lie on a number that is taken next.
    int error = out ? ::posix_spawn_file_actions_adddup2(&actions_, *out, STDOUT_FILENO) : 0;
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
      if (error == 0 && (fd != STDOUT_FILENO || !out)) {
        error = ::posix_spawn_file_actions_addopen(&actions_, fd, "/dev/null", O_RDWR, 0);
      }
    }
    constexpr int kFirstOther = STDERR_FILENO + 1;
    error = error != 0 ? error : ::posix_spawn_file_actions_addclosefrom_np(&actions_, kFirstOther);
    return error != 0 ? error : ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSID);
  }
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

int reap(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

// Deadline waits for descriptors until one moment.
class Deadline {
 public:
  explicit Deadline(std::chrono::milliseconds patience)
      : patience_(patience), until_(Steady::now() + patience) {}
  // wait_for is an Error when the moment is there.
  Result<void> wait_for(BorrowedFd fd) const {
    while (true) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until_ - Steady::now());
      pollfd entry{.fd = fd.raw(), .events = POLLIN, .revents = 0};
      const int ready = left.count() > 0 ? ::poll(&entry, 1, static_cast<int>(left.count())) : 0;
      if (ready > 0) {
        return {};
      }
      if (ready == 0) {
        return fail(ErrorKind::System, "it did not end within " +
                                           std::to_string(patience_.count()) + " ms and was ended");
      }
      if (errno != EINTR) {
        return fail_errno(errno, "waiting for it");
      }
    }
  }

 private:
  std::chrono::milliseconds patience_;
  Steady::time_point until_;
};

// read_all reads to the end, no longer than the deadline and no more than may be.
Result<std::string> read_all(BorrowedFd pipe, const Deadline& deadline, std::size_t max_bytes) {
  std::string text;
  std::array<char, 4096> buffer{};
  while (true) {
    NONO_CHECK(deadline.wait_for(pipe));
    const ssize_t got = ::read(pipe.raw(), buffer.data(), buffer.size());
    if (got < 0 && errno != EINTR) {
      return fail_errno(errno, "reading its output");
    }
    if (got == 0) {
      return text;
    }
    if (got > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    if (text.size() > max_bytes) {
      return fail(ErrorKind::System,
                  "it printed more than " + std::to_string(max_bytes) + " bytes");
    }
  }
}

// outcome_of returns what it printed, once it has ended: not reaped, its number is still its own.
Result<std::string> outcome_of(pid_t pid, BorrowedFd output, const ChildLimits& limits) {
  const Deadline deadline(limits.deadline);
  const OwnedFd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process.valid()) {
    return fail_errno(errno, "watching it");
  }
  NONO_TRY(std::string text, read_all(output, deadline, limits.max_bytes));
  NONO_CHECK(deadline.wait_for(process));
  return text;
}

std::string ending_of(int status) {
  return WIFEXITED(status) ? "ended with exit code " + std::to_string(WEXITSTATUS(status))
                           : "was ended by signal " + std::to_string(WTERMSIG(status));
}

Error not_started(int error, const std::string& program) {
  if (error == ENOENT) {
    return Error(ErrorKind::NotFound, "there is no program " + printable(program) + " on PATH");
  }
  return fail_errno(error, "starting " + printable(program)).error();
}

}  // namespace

Result<std::string> output_of(const std::vector<std::string>& words, const ChildLimits& limits) {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    return fail_errno(errno, "making a pipe");
  }
  const OwnedFd output(ends[0]);
  OwnedFd input(ends[1]);
  pid_t pid = -1;
  Spawn spawn;
  if (const int error = spawn.run(words, ends[1], pid); error != 0) {
    return std::unexpected(not_started(error, words.front()));
  }
  input.reset();
  auto text = outcome_of(pid, output, limits);
  // Whatever it left running ends with it; it is the leader of its session.
  ::kill(-pid, SIGKILL);
  const int status = reap(pid);
  if (!text) {
    return std::unexpected(std::move(text).error().while_doing(printable(words.front())));
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return fail(ErrorKind::System, printable(words.front()) + " " + ending_of(status));
  }
  return text;
}

Result<std::string> read_until_end(BorrowedFd pipe, const ChildLimits& limits) {
  return read_all(pipe, Deadline(limits.deadline), limits.max_bytes);
}

bool start_detached(const std::vector<std::string>& words) {
  pid_t pid = -1;
  Spawn spawn;
  return spawn.run(words, std::nullopt, pid) == 0;
}

}  // namespace nono::engine
