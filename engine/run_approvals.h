// engine/run_approvals.h: who is asked in a run, by what the caller wished.
#pragma once

#include <memory>

#include "base/result.h"
#include "engine/approval_terminal.h"
#include "engine/approvals.h"
#include "engine/run.h"
#include "ledger/audit_log.h"

namespace nono::engine {

struct RunApprovals {
  std::unique_ptr<Approvals> decider;   // null: nobody is to be asked
  TerminalBackend* terminal = nullptr;  // one of the decider's; it needs the terminal attached
};
// ApprovalSurroundings are what approvals work with; all of it must outlive them.
struct ApprovalSurroundings {
  ledger::AuditLog& log;
  Teller& teller;  // held while a question is on the terminal
  const Clock& clock;
};
// make_approvals makes what the request wishes. It may fork: this process has one thread.
Result<RunApprovals> make_approvals(const RunRequest& request, const RunPlan& plan,
                                    const ApprovalSurroundings& with);

}  // namespace nono::engine
