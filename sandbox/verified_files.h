// sandbox/verified_files.h: verified files, and the evidence for them, which an agent leaves alone.
//
// A copy of the agent's own (a clone, a worktree) is not what the user has: it may change and go
// as drafts in such a directory may (sandbox/drafts.h). What has a second name is nobody's own.
#pragma once

#include <string>

#include "sandbox/broker_rules.h"

namespace nono::sandbox {

// may_change refuses (EACCES) the change of a verified file.
Answer<void> may_change(BrokerRules& rules, const Call& call, BorrowedFd object,
                        const Touched& touched, trustpolicy::GuardClass guard_class);

// may_change_evidence refuses the change of evidence: without it, a verified file would look like a
// draft. `canonical` is any name; those that are no bundle are fine.
Answer<void> may_change_evidence(BrokerRules& rules, const Call& call,
                                 const std::string& canonical);

}  // namespace nono::sandbox
