#include "base/caller_signals.h"

namespace nono {

CallerSignals CallerSignals::take() noexcept {
  CallerSignals before;
  struct sigaction plain{};
  plain.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &plain, &before.child_);
  return before;
}

void CallerSignals::give_back() const noexcept {
  ::sigaction(SIGCHLD, &child_, nullptr);
}

}  // namespace nono
