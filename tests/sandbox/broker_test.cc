// tests/sandbox/broker_test.cc: the broker's loop without an agent that it could serve.
#include "sandbox/broker.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/wire.h"

namespace nono::sandbox {
namespace {

// status_of is what a broker tells of its agent, who does `agent_main`.
int status_of(void (*agent_main)(), void (*child_handler)(int)) {
  auto ask = wire_pair();
  auto events = wire_pair();
  EXPECT_TRUE(ask && events);
  const pid_t broker = ::fork();
  if (broker == 0) {
    ::alarm(20);
    ::signal(SIGCHLD, child_handler);
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, SIGALRM);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    const pid_t agent = ::fork();
    if (agent == 0) {
      agent_main();
      ::_exit(3);
    }
    const BrokerConfig config;
    Warden warden(config, OwnedFd(), std::move(ask->second), std::move(events->second));
    const int status = warden.run(agent);
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  }
  int status = 0;
  EXPECT_EQ(::waitpid(broker, &status, 0), broker);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void end_at_once() {}
void end_later() {
  ::usleep(300'000);
}

TEST(WardenTest, AnAgentsEndIsTold) {
  EXPECT_EQ(status_of(end_at_once, SIG_DFL), 3);
  EXPECT_EQ(status_of(end_later, SIG_DFL), 3);
}

TEST(WardenTest, AnAgentThatNobodyCouldWaitForIsLostAndEndsTheRun) {
  EXPECT_EQ(status_of(end_at_once, SIG_IGN), 128 + SIGKILL);
  EXPECT_EQ(status_of(end_later, SIG_IGN), 128 + SIGKILL);
}

}  // namespace
}  // namespace nono::sandbox
