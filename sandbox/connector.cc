#include "sandbox/connector.h"

#include <linux/capability.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "sandbox/endpoint.h"
#include "sandbox/resolve.h"
#include "sandbox/workers.h"

namespace nono::sandbox {
namespace {

constexpr int kNotMade = EACCES;

// close_all_but leaves nothing of the supervisor's to the child: the channels' other ends notice
// that it is gone by their being closed.
void close_all_but(std::vector<int> kept) {
  std::ranges::sort(kept);
  unsigned from = 0;
  for (const int fd : kept) {
    const auto number = static_cast<unsigned>(fd);
    if (number > from) {
      ::syscall(SYS_close_range, from, number - 1, 0);
    }
    from = number + 1;
  }
  ::syscall(SYS_close_range, from, ~0U, 0);
}

bool drop_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::syscall(SYS_capset, &header, none.data()) == 0;
}

SocketName name_in(const Expansion& expansion) {
  if (expansion.to) {
    return socket_name(*expansion.to, expansion.family);
  }
  SocketName out;
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  fd_path(expansion.object).copy(&name.sun_path[0], sizeof name.sun_path - 1);
  std::memcpy(&out.storage, &name, sizeof name);
  out.size = sizeof name;
  return out;
}

// connect_in_child: 0 or an errno, which is the child's end. An interrupted call is begun again as
// long as its caller waits, as the kernel would go on with it.
int connect_in_child(const Expansion& expansion, pid_t parent) {
  become_worker(parent);
  close_all_but(question_fds(expansion));
  if (!drop_capabilities()) {
    return kNotMade;
  }
  const SocketName to = name_in(expansion);
  const void* name = &to.storage;
  while (::connect(BorrowedFd(expansion.socket).raw(), static_cast<const sockaddr*>(name),
                   to.size) != 0) {
    const int error = errno;
    if (error != EINTR || !expansion.still_waiting()) {
      return error;
    }
  }
  return 0;
}

}  // namespace

Result<Connector> Connector::make() {
  OwnedFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) {
    return fail_errno(errno, "preparing connects");
  }
  return Connector(std::move(epoll));
}

Connector::~Connector() {
  for (const auto& [fd, child] : children_) {
    ::syscall(SYS_pidfd_send_signal, fd, SIGKILL, nullptr, 0);
    siginfo_t ended{};
    ::waitid(P_PIDFD, static_cast<id_t>(fd), &ended, WEXITED);
  }
}

Answer<void> Connector::begin(const Expansion& expansion) {
  if (children_.size() >= kMax) {
    return std::unexpected(EAGAIN);
  }
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::_exit(connect_in_child(expansion, parent));
  }
  OwnedFd pidfd(pid < 0 ? -1 : static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  const int number = BorrowedFd(pidfd).raw();
  epoll_event wanted{};
  wanted.events = EPOLLIN;
  wanted.data.fd = number;
  if (!pidfd.valid() ||
      ::epoll_ctl(BorrowedFd(epoll_).raw(), EPOLL_CTL_ADD, number, &wanted) != 0) {
    if (pid > 0) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
    return std::unexpected(EAGAIN);
  }
  children_.emplace(number, Child{std::move(pidfd), expansion.cookie});
  return {};
}

std::vector<Expanded> Connector::finished() {
  std::vector<Expanded> out;
  for (auto at = children_.begin(); at != children_.end();) {
    siginfo_t ended{};
    const int got = ::waitid(P_PIDFD, static_cast<id_t>(at->first), &ended, WEXITED | WNOHANG);
    if (got == 0 && ended.si_pid == 0) {
      ++at;
      continue;
    }
    const int code = ended.si_code == CLD_EXITED ? ended.si_status : kNotMade;
    out.push_back({.cookie = at->second.cookie, .code = code, .fd = {}});
    at = children_.erase(at);
  }
  return out;
}

}  // namespace nono::sandbox
