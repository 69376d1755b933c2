// sandbox/broker_signals.h: signals of the agent, where Landlock does not scope them (ABI below 6).
//
// A signal reaches what descends from the broker and is no process of its own, and nothing else.
// What is decided on are numbers that came with the call, in registers: the kernel goes on with the
// same ones. A number can become another process's in between only if its owner, one of the
// sandbox, ends at that moment and all numbers were used up since.
#pragma once

#include <sys/types.h>

#include <vector>

#include "sandbox/broker_rules.h"

namespace nono::sandbox {

class SignalOperations {
 public:
  // `broker_pids` are the broker's own processes; it must outlive this.
  SignalOperations(BrokerRules& rules, const std::vector<pid_t>& broker_pids)
      : rules_(rules), broker_pids_(broker_pids) {}

  Outcome serve(const Call& call);

 private:
  Outcome to(const Call& call, pid_t target);
  Outcome to_group(const Call& call, pid_t group);
  Outcome to_process_or_group(const Call& call, pid_t target);
  Outcome through_pidfd(const Call& call);
  Outcome refuse(const Call& call);
  bool inside(pid_t pid) const;

  BrokerRules& rules_;
  const std::vector<pid_t>& broker_pids_;
};

}  // namespace nono::sandbox
