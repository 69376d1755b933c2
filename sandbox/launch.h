// sandbox/launch.h: starts the processes of a run: supervisor → broker → agent.
//
// The agent's process is made ready and waits; the supervisor meanwhile looks for guarded files and
// opens its log, and then lets the agent execute its program, or calls it off.
//
// The broker is a child of the supervisor and the parent of the agent, a subreaper, and in the
// agent's Landlock domain: whichever of the three goes, the others' tree is found and killed.
#pragma once

#include <sys/types.h>

#include <array>
#include <span>

#include "base/owned_fd.h"
#include "base/result.h"
#include "sandbox/broker.h"
#include "sandbox/confinement.h"
#include "sandbox/limits.h"

namespace nono::sandbox {

// LaunchPlan is complete before the fork; nothing in it changes afterwards.
struct LaunchPlan {
  const Prepared* prepared = nullptr;
  const ExecPlan* exec = nullptr;
  const BrokerConfig* broker = nullptr;
  std::array<int, 3> streams{0, 1, 2};  // what becomes the agent's 0, 1 and 2
  int terminal = -1;                    // the agent's own terminal, or none
  ChildLimits limits;
};

// Launched are the supervisor's ends. `failure` yields one ChildFailure, or ends where the agent's
// program was executed.
struct Launched {
  pid_t broker = -1;
  OwnedFd broker_pidfd;
  OwnedFd ask;
  OwnedFd events;
  OwnedFd failure;
};

// launch forks; it must be called while the process has one thread. The agent's program is not
// executed before let_go: see Launched::failure.
Result<Launched> launch(const LaunchPlan& plan);
// let_go tells the broker of the guarded files that were found, and to go on. Where the processes
// have failed meanwhile, that is told by Launched::failure and not here.
void let_go(const Launched& launched, std::span<const KnownObject> known_guarded);
// call_off ends what was launched; on return its processes are gone.
void call_off(Launched launched);

// kill_descendants kills and reaps every child and re-parented descendant of this process (a
// subreaper) until there is none, for at most a second.
void kill_descendants();

}  // namespace nono::sandbox
