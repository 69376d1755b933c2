// sandbox/held_signals.h: the signals that the supervisor reads, in place of being ended by them.
#pragma once

#include <signal.h>

namespace nono::sandbox {

// HeldSignals blocks in this thread what the supervisor's loop reads from a descriptor, and
// restores the caller's mask. It begins before the agent does: a signal that comes between the
// agent's first word and the loop's first turn waits for the loop. Other threads of nono block
// every signal. What is ignored is left alone, but for SIGTERM: that of request_stop counts, and
// while it is blocked the kernel keeps it.
class HeldSignals {
 public:
  HeldSignals();
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  ~HeldSignals();
  const sigset_t& set() const { return set_; }

  // is_ignored: by the caller (nohup, a script's `&`), for nono ignores none of these itself.
  static bool is_ignored(int signal);
  // forwards: it is meant for the agent.
  static bool forwards(int signal);

 private:
  sigset_t set_{};
  sigset_t before_{};
};

}  // namespace nono::sandbox
