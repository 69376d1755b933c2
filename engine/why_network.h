// engine/why_network.h: answers about ports and hosts, from the plan of a run.
#pragma once

#include "engine/why.h"

namespace nono::engine {

// answer_port is for connecting to or listening on a port of any address.
Answer answer_port(const RunPlan& plan, const Question& question);
// answer_host is for connecting to a host; where hosts are granted and this is none of them by
// name, it is resolved.
Result<Answer> answer_host(const RunPlan& plan, const sandbox::HostPort& host);

}  // namespace nono::engine
