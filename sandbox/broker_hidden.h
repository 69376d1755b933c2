// sandbox/broker_hidden.h: tells of paths that are hidden from the agent (sandbox/mount_view.h).
//
// To broker and agent such a path is not there, and whether it is anywhere else the broker cannot
// tell: it says what was asked for, and the supervisor, which sees everything, passes on what would
// have been a refusal. The agent gets ENOENT either way.
#pragma once

#include "sandbox/broker_rules.h"

namespace nono::sandbox {

// tell_hidden tells of a call for which there was nothing (ENOENT), once per operation and path,
// where the view of the session does not show it.
void tell_hidden(BrokerRules& rules, const Call& call);

// tell_ways tells, where the broker records, of the names by which a call reached what it used,
// where no use has that name: it led over a link, which the next run must find, too.
void tell_ways(BrokerRules& rules, const Call& call, const Outcome& outcome);

// is_there reports whether something lies at `path` (absolute, normal) outside the sandbox. It goes
// over no link, and into no mount that may keep it waiting: false there.
bool is_there(const std::string& path);

}  // namespace nono::sandbox
