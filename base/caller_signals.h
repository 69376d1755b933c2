// base/caller_signals.h: what the caller had signals do, before nono took some of them.
//
// What is ignored stays ignored over execve(2), so a caller decides it for nono and for what nono
// becomes. With SIGCHLD ignored the kernel reaps children itself, and nobody learns how they ended.
#pragma once

#include <signal.h>

namespace nono {

class CallerSignals {
 public:
  // take gives SIGCHLD back its default action and ignores SIGXFSZ: a file size limit is an error
  // to report (EFBIG), not a death between two files. It comes before the first child, and once: a
  // second one would find what the first has set.
  static CallerSignals take() noexcept;
  // give_back restores what take has changed, for a process that becomes another program.
  void give_back() const noexcept;

 private:
  CallerSignals() = default;
  struct sigaction child_{};
  struct sigaction file_size_{};
};

}  // namespace nono
