// tests/engine/waiting_caller.h: a process that waits in a trapped system call, as an agent does.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/owned_fd.h"
#include "sandbox/wire.h"

namespace nono::engine::testing {

class WaitingCaller {
 public:
  WaitingCaller() {
    auto channel = sandbox::wire_pair();
    child_ = ::fork();
    if (child_ == 0) {
      wait_for_ever(channel->second);
    }
    auto message = sandbox::wire_receive(channel->first);
    if (message && !message->fds.empty()) {
      listener_ = std::move(message->fds.front());
      seccomp_notif notification{};
      if (::ioctl(BorrowedFd(listener_).raw(), SECCOMP_IOCTL_NOTIF_RECV, &notification) == 0) {
        cookie_ = notification.id;
      }
    }
  }
  WaitingCaller(const WaitingCaller&) = delete;
  WaitingCaller& operator=(const WaitingCaller&) = delete;
  ~WaitingCaller() { die(); }

  bool works() const { return cookie_ != 0; }
  std::uint64_t cookie() const { return cookie_; }
  OwnedFd listener() const {
    return OwnedFd(::fcntl(BorrowedFd(listener_).raw(), F_DUPFD_CLOEXEC, 3));
  }
  void die() {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
      child_ = -1;
    }
  }

 private:
  [[noreturn]] static void wait_for_ever(BorrowedFd channel) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    std::array<sock_filter, 4> code{{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    const sock_fprog program{code.size(), code.data()};
    const int listener = static_cast<int>(::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                                    SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
    const std::array<int, 1> fds{listener};
    static_cast<void>(sandbox::wire_send(channel, "l", fds));
    ::syscall(SYS_getppid);
    ::_exit(0);
  }
  pid_t child_ = -1;
  OwnedFd listener_;
  std::uint64_t cookie_ = 0;
};

}  // namespace nono::engine::testing
