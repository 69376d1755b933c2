#include "base/caller_signals.h"

#include <gtest/gtest.h>

namespace nono {
namespace {

auto set_handler(int signal, void (*handler)(int)) {
  struct sigaction wanted{};
  struct sigaction before{};
  wanted.sa_handler = handler;
  ::sigaction(signal, &wanted, &before);
  return before.sa_handler;
}

auto handler_of(int signal) {
  struct sigaction now{};
  ::sigaction(signal, nullptr, &now);
  return now.sa_handler;
}

TEST(CallerSignalsTest, ChildrenAreWaitedForAndTheCallersChoiceComesBack) {
  const auto before = handler_of(SIGCHLD);
  for (const auto callers : {SIG_IGN, SIG_DFL}) {
    set_handler(SIGCHLD, callers);
    const CallerSignals signals = CallerSignals::take();
    EXPECT_EQ(handler_of(SIGCHLD), SIG_DFL);
    signals.give_back();
    EXPECT_EQ(handler_of(SIGCHLD), callers);
  }
  set_handler(SIGCHLD, before);
}

TEST(CallerSignalsTest, AFileTooLargeIsAnErrorAndTheCallersChoiceComesBack) {
  const auto before = handler_of(SIGXFSZ);
  for (const auto callers : {SIG_IGN, SIG_DFL}) {
    set_handler(SIGXFSZ, callers);
    const CallerSignals signals = CallerSignals::take();
    EXPECT_EQ(handler_of(SIGXFSZ), SIG_IGN);
    signals.give_back();
    EXPECT_EQ(handler_of(SIGXFSZ), callers);
  }
  set_handler(SIGXFSZ, before);
}

}  // namespace
}  // namespace nono
