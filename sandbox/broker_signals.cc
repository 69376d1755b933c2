#include "sandbox/broker_signals.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>

#include "sandbox/process_tree.h"

namespace nono::sandbox {
namespace {

pid_t pid_argument(const Call& call, std::size_t index) {
  return static_cast<pid_t>(static_cast<std::uint32_t>(call.args[index]));
}

// process_behind is the process of a pidfd (proc(5), fdinfo); -1: it is gone, 0: it is no pidfd.
pid_t process_behind(const OwnedFd& pidfd) {
  const std::string path = "/proc/self/fdinfo/" + std::to_string(BorrowedFd(pidfd).raw());
  const OwnedFd info(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> buffer{};
  const ssize_t got =
      info.valid() ? ::read(BorrowedFd(info).raw(), buffer.data(), buffer.size()) : -1;
  const std::string_view text(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  constexpr std::string_view kField = "\nPid:\t";
  const std::size_t at = text.find(kField);
  pid_t out = 0;
  if (at != std::string_view::npos) {
    const std::string_view number = text.substr(at + kField.size());
    std::from_chars(number.data(), number.data() + number.size(), out);
  }
  return out;
}

}  // namespace

Outcome SignalOperations::serve(const Call& call) {
  switch (call.number) {
    case SYS_kill:
      return to_process_or_group(call, pid_argument(call, 0));
    case SYS_tkill:
    case SYS_tgkill:
    case SYS_rt_sigqueueinfo:
    case SYS_rt_tgsigqueueinfo:
      return to(call, pid_argument(call, 0));
    case SYS_pidfd_send_signal:
      return through_pidfd(call);
    case SYS_fcntl:
      // F_SETOWN: 0 takes the owner away.
      return pid_argument(call, 2) == 0 ? Outcome::by_kernel()
                                        : to_process_or_group(call, pid_argument(call, 2));
    default:
      return refuse(call);
  }
}

bool SignalOperations::inside(pid_t pid) const {
  return is_beneath(pid, ::getpid(), broker_pids_);
}

Outcome SignalOperations::refuse(const Call& call) {
  rules_.report_once(call, "signal", "a process outside the sandbox", "signal",
                     "signals stay inside");
  return Outcome::error(EPERM);
}

Outcome SignalOperations::to(const Call& call, pid_t target) {
  if (target <= 0) {
    return Outcome::error(EINVAL);
  }
  // A number that is nobody's is answered here: it could be somebody's by the time of the signal.
  return inside(target)                             ? Outcome::by_kernel()
         : ::kill(target, 0) != 0 && errno == ESRCH ? Outcome::error(ESRCH)
                                                    : refuse(call);
}

Outcome SignalOperations::to_group(const Call& call, pid_t group) {
  const std::vector<pid_t> members = members_of(group);
  if (members.empty()) {
    return Outcome::error(ESRCH);
  }
  return std::ranges::all_of(members, [&](pid_t pid) { return inside(pid); }) ? Outcome::by_kernel()
                                                                              : refuse(call);
}

// to_process_or_group reads a number as kill(2) does; -1 would be everybody.
Outcome SignalOperations::to_process_or_group(const Call& call, pid_t target) {
  if (target > 0) {
    return to(call, target);
  }
  if (target == -1 || target == INT32_MIN) {
    return refuse(call);
  }
  return to_group(call, target == 0 ? ::getpgid(call.thread.tid()) : -target);
}

// through_pidfd sends the signal itself: what the agent's descriptor is could change meanwhile.
Outcome SignalOperations::through_pidfd(const Call& call) {
  const auto pidfd = call.thread.take_descriptor(pid_argument(call, 0));
  if (!pidfd) {
    return Outcome::error(pidfd.error());
  }
  const pid_t target = process_behind(*pidfd);
  if (target == -1) {
    return Outcome::error(ESRCH);
  }
  if (target <= 0 || !inside(target)) {
    return refuse(call);
  }
  std::string info;
  if (call.args[2] != 0) {
    auto bytes = call.thread.bytes_at(call.args[2], sizeof(siginfo_t));
    if (!bytes) {
      return Outcome::error(bytes.error());
    }
    info = *std::move(bytes);
  }
  return Outcome::of(::syscall(SYS_pidfd_send_signal, BorrowedFd(*pidfd).raw(),
                               static_cast<int>(call.args[1]), info.empty() ? nullptr : info.data(),
                               static_cast<unsigned>(call.args[3])));
}

}  // namespace nono::sandbox
