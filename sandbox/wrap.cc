#include "sandbox/wrap.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace nono::sandbox {

ChildFailure wrap(const Prepared& prepared, const ExecPlan& exec,
                  const CallerSignals& caller_signals) noexcept {
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  const auto domain = prepared.enter();
  if (!domain) {
    return domain.error();
  }
  // Not before: a view of the sandbox's own begins at its root.
  if (::chdir(exec.working_directory().c_str()) != 0) {
    return {Step::WorkingDirectory, errno};
  }
  auto confined = domain->seal_alone();
  if (!confined) {
    return confined.error();
  }
  if (const int unrefused = self_test(); unrefused != 0) {
    return {Step::SelfTest, unrefused};
  }
  constexpr unsigned kCloseOnExec = 4;  // CLOSE_RANGE_CLOEXEC: nono still has to say what fails
  if (::syscall(SYS_close_range, 3U, ~0U, kCloseOnExec) != 0) {
    return {Step::CloseDescriptors, errno};
  }
  caller_signals.give_back();
  return std::move(*confined).exec(exec);
}

}  // namespace nono::sandbox
