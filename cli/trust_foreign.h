// cli/trust_foreign.h: the part of `trust verify` that asks no policy. Internal to cli/.
#pragma once

#include "base/result.h"
#include "cli/options.h"
#include "cli/session.h"

namespace nono::cli {

// asks_for_identity reports whether an option names whom to expect: a certificate's identity or a
// key.
bool asks_for_identity(const Arguments& arguments);
Result<int> run_verify_identity(const Arguments& arguments, Session& session);

}  // namespace nono::cli
