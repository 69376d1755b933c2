#include "sandbox/held_signals.h"

#include <algorithm>
#include <array>

namespace nono::sandbox {
namespace {

constexpr auto kForwarded =
    std::to_array({SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGTSTP, SIGCONT});

}  // namespace

bool HeldSignals::is_ignored(int signal) {
  struct sigaction now{};
  return ::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

bool HeldSignals::forwards(int signal) {
  return std::ranges::find(kForwarded, signal) != kForwarded.end();
}

HeldSignals::HeldSignals() {
  sigemptyset(&set_);
  for (const int signal : kForwarded) {
    if (signal == SIGTERM || !is_ignored(signal)) {
      sigaddset(&set_, signal);
    }
  }
  sigaddset(&set_, SIGWINCH);
  sigaddset(&set_, SIGCHLD);
  ::pthread_sigmask(SIG_BLOCK, &set_, &before_);
}

HeldSignals::~HeldSignals() {
  ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

}  // namespace nono::sandbox
