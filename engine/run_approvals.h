// engine/run_approvals.h: who is asked in a run, by what the caller wished.
#pragma once

#include <memory>

#include "base/result.h"
#include "engine/approvals.h"
#include "engine/run.h"
#include "ledger/audit_log.h"

namespace nono::engine {

// make_approvals is null where nobody is to be asked. What is referred to must outlive the result.
Result<std::unique_ptr<Approvals>> make_approvals(const RunRequest& request, const RunPlan& plan,
                                                  ledger::AuditLog& log);

}  // namespace nono::engine
