#include "base/caller_signals.h"

namespace nono {

CallerSignals CallerSignals::take() noexcept {
  CallerSignals before;
  struct sigaction wanted{};
  wanted.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &wanted, &before.child_);
  wanted.sa_handler = SIG_IGN;
  ::sigaction(SIGXFSZ, &wanted, &before.file_size_);
  return before;
}

void CallerSignals::give_back() const noexcept {
  ::sigaction(SIGCHLD, &child_, nullptr);
  ::sigaction(SIGXFSZ, &file_size_, nullptr);
}

}  // namespace nono
